import { describe, expect, test } from "vitest";
import { replay } from "../../../src/engine/replay.ts";
import type { Slotted } from "../../../src/ports/compute.ts";
import { problems } from "../../../src/problems/registry.ts";
import { waitPolicy } from "../../../src/quorum/wait-policies/registry.ts";
import type { Wait } from "../../../src/quorum/wait-policies/wait.ts";
import type { BlocksPlan, BlocksState } from "../../../src/strategies/encoded-blocks/state.ts";
import { encodedBlocks } from "../../../src/strategies/encoded-blocks/strategy.ts";
import type { BlockUpdateTask } from "../../../src/tasks/block-update.ts";
import { applyGram, blockUpdate } from "../../../src/tasks/block-update.ts";
import type { WorkerReply, WorkerTask } from "../../../src/tasks/protocol.ts";
import { lawful } from "../../engine/lawful.ts";
import { fatesOf, losing, twice, type VirtualEnd, virtualRun } from "../../run/virtual-run.ts";
import {
  blockOf,
  gradientAt,
  objectiveAt,
  optimum,
  product,
  safeStep,
  type Trial,
  trialOf,
} from "./by-hand.ts";
import { flagProtocol } from "./protocol.ts";

const chosen = { type: "logistic", l2: 0.05 };
const logistic = problems.create(chosen);
const stormy = { model: "late", probability: 0.3, delayMs: 90, failures: 0.1, hangs: 0.02 };
const small = trialOf({ rows: 40, features: 12, workers: 6, stored: 64 });

function planOf(trial: Trial, wait: Wait, roundsMax: number): BlocksPlan {
  const { rows, features, frame, scale } = trial;
  return {
    problem: logistic,
    wait: waitPolicy(wait, { workers: frame.length, redundancy: 2 }),
    rows,
    shape: { columns: features, intercept: false },
    weightsLength: features,
    storedRows: frame.map((lifted) => lifted.length),
    scale,
    stepSize: safeStep(trial),
    roundsMax,
    stop: { tolerance: 0, steepness: 1, lossLeast: 0 },
    patienceMs: 600_000,
  };
}

/** The worker itself; `exact` leaves its answer in double precision. */
function performer(trial: Trial, exact = false): (task: WorkerTask) => WorkerReply {
  const blocks = trial.frame.map((_, slot) => blockOf(trial, slot));
  return (given) => {
    const task = given as BlockUpdateTask;
    const material = blocks[task.slot]!;
    if (!exact) return { ...blockUpdate.compute(logistic, material, task), computeMs: 0 };
    const { loss, change } = applyGram(logistic, material, task.predictions, task.weights);
    return { loss, values: change, computeMs: 0 };
  };
}

function countedBy({ events }: VirtualEnd<BlocksState>): (readonly number[])[] {
  return events.flatMap((event) => (event.type === "round" ? [event.counted] : []));
}

describe("the strategy keeps the laws in stormy weather, with replies lost and repeated", () => {
  test.each(["all", { fastest: 4 }, { deadline: 40, atLeast: 3 }, "adaptive"] as Wait[])(
    "waiting for %o",
    async (wait) => {
      const perform = performer(small);
      const strategy = encodedBlocks(planOf(small, wait, 8));
      const fateOf = fatesOf(stormy, "laws");
      const end = await virtualRun(lawful(strategy), {
        perform,
        fateOf,
        around: (compute, clock) => twice(33)(losing(0.1)(compute), clock),
      });
      expect(end.stop).toEqual({ kind: "done" });
      expect(end.state.round).toBe(8);
      const replayed = await replay(strategy, end.events, perform);
      expect(replayed.weights).toEqual(end.state.weights);
      expect(replayed.predictions).toEqual(end.state.predictions);
      const rest = await virtualRun(lawful(strategy), { perform, fateOf, from: end.saved[3]! });
      expect(rest.state.round).toBe(8);
    },
  );
});

describe("worker and orchestrator cannot disagree", () => {
  const perform = performer(small, true);
  const stepSize = safeStep(small);
  const run = (seed: string, wait: Wait = { fastest: 3 }) =>
    virtualRun(encodedBlocks(planOf(small, wait, 25)), {
      perform,
      fateOf: fatesOf(stormy, seed),
      around: (compute, clock) => twice(33)(losing(0.15, seed)(compute), clock),
    });

  test.each(["one", "two", "three"])(
    "messages lost, repeated and late (%s): X w is the sum of X S_i' v_i after every round",
    async (seed) => {
      const end = await run(seed);
      const erasures = end.events.filter(
        (event) => event.type === "arrival" && event.fate !== "counted",
      );
      expect(erasures.length).toBeGreaterThan(20);
      const v = small.frame.map((lifted) => new Float64Array(lifted.length));
      let before = encodedBlocks(planOf(small, "all", 1)).start();
      for (const [round, { state }] of end.saved.entries()) {
        const pull = gradientAt(small, before.weights, Math.fround);
        for (const slot of countedBy(end)[round]!)
          v[slot] = v[slot]!.map(
            (value, k) => value - stepSize * product(small.frame[slot]![k]!, pull),
          );
        expect(farthest(state, sumOf(v))).toBeLessThan(1e-10);
        before = state;
      }
    },
  );

  test("it is the papers' protocol: the same trajectory, for the sets that counted", async () => {
    const end = await run("protocol");
    const papers = flagProtocol(small, stepSize, countedBy(end));
    for (const [round, { state }] of end.saved.entries()) {
      const { z, fromBlocks } = papers[round]!;
      expect(farthest(state, z)).toBeLessThan(1e-10);
      expect(farthest(state, fromBlocks)).toBeLessThan(1e-10);
    }
    // A worker that takes its step over whatever the flag says no longer has what counts.
    const deaf = flagProtocol(small, stepSize, countedBy(end), false).at(-1)!;
    expect(apart(deaf.z, deaf.fromBlocks)).toBeGreaterThan(1e-2);
  });

  test("a killed orchestrator goes on elsewhere from what it had accepted", async () => {
    const whole = await run("killed", "all");
    const { state, elapsedMs } = whole.saved[9]!;
    const rest = await virtualRun(encodedBlocks(planOf(small, "all", 25)), {
      perform,
      fateOf: fatesOf(stormy, "another sky"),
      from: { state: structuredClone(state), elapsedMs },
    });
    expect(rest.state.weights).toEqual(whole.state.weights);
    expect(rest.state.predictions).toEqual(whole.state.predictions);
  });

  test("damaged replies are lost replies", async () => {
    const sound = await run("damage", "all");
    let count = 0;
    const damaging = (task: Slotted & WorkerTask): WorkerReply => {
      const reply = perform(task);
      count++;
      if (count % 7 === 0) return { ...reply, values: reply.values.subarray(1) };
      if (count % 7 === 3) return { ...reply, values: reply.values.map(() => Number.NaN) };
      return reply;
    };
    const strategy = encodedBlocks(planOf(small, "all", 25));
    const end = await virtualRun(strategy, { perform: damaging });
    expect(end.state.weights).toEqual(sound.state.weights);
    expect(end.events.some((event) => "reason" in event && /numbers/.test(event.reason!))).toBe(
      true,
    );
  });
});

describe("in single precision on the wire, 2 of 16 workers dead for ever", () => {
  const dead = { model: "calm", deadSlots: [3, 11] };

  test("encoded: the relative gap is below 1e-10 after 400 rounds", async () => {
    const trial = trialOf({ rows: 240, features: 128, workers: 16, stored: 256 });
    const { state } = await virtualRun(encodedBlocks(planOf(trial, { fastest: 14 }, 400)), {
      perform: performer(trial),
      fateOf: fatesOf(dead),
    });
    const [best, start] = [optimum(trial), new Float64Array(128)].map((w) => objectiveAt(trial, w));
    const gap = (objectiveAt(trial, state.weights) - best!) / (start! - best!);
    expect(Math.abs(gap)).toBeLessThan(1e-10);
  });

  test("uncoded: it stalls at the optimum over the live workers' features", async () => {
    const trial = trialOf({ rows: 120, features: 32, workers: 16 });
    const { state } = await virtualRun(encodedBlocks(planOf(trial, { fastest: 14 }, 600)), {
      perform: performer(trial),
      fateOf: fatesOf(dead),
    });
    const live = trial.frame.filter((_, slot) => !dead.deadSlots.includes(slot)).flat();
    const stalled = objectiveAt(trial, optimum(trial, live));
    expect(Math.abs(objectiveAt(trial, state.weights) - stalled)).toBeLessThan(1e-8);
    expect(stalled - objectiveAt(trial, optimum(trial))).toBeGreaterThan(1e-4);
  });
});

/** [X; I] S'v. */
function sumOf(v: readonly Float64Array[]): Float64Array {
  const w = new Float64Array(small.features);
  for (const [slot, lifted] of small.frame.entries())
    for (const [k, s] of lifted.entries())
      for (let j = 0; j < w.length; j++) w[j]! += v[slot]![k]! * s[j]!;
  return Float64Array.from([...small.x.map((row) => product(row, w)), ...w]);
}

function farthest({ predictions, weights }: BlocksState, z: Float64Array): number {
  return apart(Float64Array.from([...predictions, ...weights]), z);
}

function apart(a: Float64Array, b: Float64Array): number {
  expect(a).toHaveLength(b.length);
  return Math.max(...a.map((value, i) => Math.abs(value - b[i]!)));
}

test("workers of one process answer each for its own weights and block", () => {
  const blocks = small.frame.map((_, slot) => blockOf(small, slot));
  const weightsOf = (at: number) => new Float32Array(small.features).fill(at);
  const predictions = new Float32Array(small.rows).fill(0.25);
  const [one, other] = [weightsOf(1), weightsOf(-2)];
  for (const weights of [one, other, one])
    for (const [slot, block] of blocks.entries()) {
      const task = { predictions, weights, slot } as unknown as BlockUpdateTask;
      const { values } = blockUpdate.compute(logistic, block, task);
      const { change } = applyGram(logistic, block, predictions, weights);
      expect(values).toEqual(new Float32Array(change));
    }
});
