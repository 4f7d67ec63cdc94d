import { describe, expect, it } from "vitest";
import { type Random, randomFrom } from "../../../src/core/random.ts";
import { parseOptions } from "../../../src/core/registry.ts";
import { emptySlotMap, withSlot } from "../../../src/core/slot-map.ts";
import { replay } from "../../../src/engine/replay.ts";
import {
  type ClosedQuorum,
  initialWaitState,
  observeQuorum,
  type ReplyArrival,
  type WaitPolicy,
  type WaitRule,
} from "../../../src/quorum/wait-policies/policy.ts";
import { waitPolicy } from "../../../src/quorum/wait-policies/registry.ts";
import { waitSchema } from "../../../src/quorum/wait-policies/wait.ts";
import { rounds } from "../../../src/strategies/rounds/strategy.ts";
import { fromPacket, toPacket } from "../../../src/wire/packet.ts";
import { campaign } from "../../campaign.ts";
import { lawful } from "../../engine/lawful.ts";
import { trial } from "../../run/fixtures.ts";
import { fatesOf, losing, twice, virtualRun } from "../../run/virtual-run.ts";

const written = [
  "all",
  { fastest: 4 },
  { deadline: "40ms", atLeast: 3 },
  "adaptive",
  { adaptive: { rule: "deadline", factor: 2 } },
  { adaptive: { rule: "disagreement", threshold: 2, atLeast: 2 } },
  { adaptive: { rule: "gain", atLeast: 5, step: 0.5 } },
  { speculate: { after: 0.5, minimum: 5 } },
  { speculate: { quorum: { fastest: 5 } } },
].map((wait) => [JSON.stringify(wait), parseOptions(waitSchema, wait, "wait")] as const);
const learning = written.slice(3);
const stormy = { model: "late", probability: 0.3, delayMs: 90, failures: 0.1, hangs: 0.02 };

describe("the rounds strategy keeps the laws, waiting by", () => {
  it.each(learning)("%s", async (name, wait) => {
    for (const optimizer of [{ type: "l-bfgs" }, { type: "gradient-descent", step: 0.05 }]) {
      const encoding = { type: "hadamard" };
      const { plan, perform } = trial({ workers: 6, wait, optimizer, encoding, roundsMax: 9 });
      const weather = { perform, fateOf: fatesOf(stormy, name) };
      const end = await virtualRun(lawful(rounds(plan)), {
        ...weather,
        around: (compute, clock) => twice(33)(losing(0.1)(compute), clock),
      });
      expect(end.stop).toEqual({ kind: "done" });
      expect(end.state.round).toBe(9);
      const again = await replay(rounds(plan), end.events, perform);
      expect(again.weights).toEqual(end.state.weights);
      expect(again.waiting).toEqual(end.state.waiting);
      const half = end.saved[3]!;
      const rest = await virtualRun(lawful(rounds(plan)), { ...weather, from: half });
      expect(rest.state.round).toBe(9);
    }
  });
});

describe.each(written)("the policy %s, whatever happens", (_name, wait) => {
  it("asks for no more than there are, and remembers in plain data", () => {
    for (let seed = 0; seed < campaign(8, 400); seed++) {
      const random = randomFrom(`laws/${seed}`);
      const workers = 6 + random.integer(8);
      const redundancy = [1, 1.5, 2, 3][random.integer(4)]!;
      const policy = waitPolicy(wait, { workers, redundancy });
      let waiting = initialWaitState(policy);
      const dead = new Set(
        Array.from({ length: random.integer(5) }, () => random.integer(workers)),
      );
      for (let quorum = 0; quorum < 90; quorum++) {
        checkRule(waiting.rule, workers);
        const closed = someQuorum(policy, waiting.rule, random.fork(`quorum/${quorum}`), dead);
        const before = toPacket(waiting);
        const { waiting: next } = observeQuorum(policy, waiting, closed);
        expect(Buffer.from(before).equals(toPacket(waiting))).toBe(true);
        expect(observeQuorum(policy, waiting, closed).waiting).toEqual(next);
        expect(fromPacket(toPacket(next))).toEqual(next);
        waiting = next;
      }
    }
  });
});

function checkRule({ needed, enough, deadlineMs }: WaitRule, workers: number): void {
  expect(needed).toBeGreaterThanOrEqual(1);
  expect(enough).toBeGreaterThanOrEqual(needed);
  expect(enough).toBeLessThanOrEqual(workers);
  expect(deadlineMs).toBeGreaterThan(0);
}

/** A quorum as the machine would close it: with some of those that are not dead. */
function someQuorum(
  { workers, wantsGradient }: WaitPolicy,
  rule: WaitRule,
  random: Random,
  dead: ReadonlySet<number>,
): ClosedQuorum {
  const live = [...random.permutation(workers)].filter((slot) => !dead.has(slot));
  const least = Math.min(live.length, rule.needed);
  const count = Math.min(live.length, least + random.integer(rule.enough - rule.needed + 1));
  const startedMs = 1000 * random.uniform();
  let arrivals = emptySlotMap<ReplyArrival>();
  let atMs = startedMs;
  for (const [at, slot] of live.slice(0, count).entries()) {
    atMs += 10 * random.uniform();
    arrivals = withSlot(arrivals, at, { slot, atMs });
  }
  const values = Float64Array.from({ length: 3 }, () => random.normal());
  const gradient = wantsGradient ? { values, variance: random.uniform() } : null;
  return { startedMs, atMs: atMs + random.uniform(), arrivals, rule, gradient };
}
