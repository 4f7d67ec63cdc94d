import assert from "node:assert/strict";
import { type Random, randomFrom } from "../../src/core/random.ts";
import { noTotals, type Totals } from "../../src/journal/checkpoint.ts";
import type { RunEvent } from "../../src/ports/events.ts";
import { weightsDigest, wholeWeights } from "../../src/run/model-weights.ts";
import { twice } from "../run/virtual-run.ts";
import {
  afresh,
  type Disturbance,
  interruptAt,
  killAt,
  recorded,
  type Scene,
  scene,
  segment,
  table,
  throughout,
} from "./simulated-run.ts";

/**
 * One random run and what must hold of it: repeated replies change nothing, a killed and resumed
 * run that waits for all ends in the same bits, every recording replays to its weights and adds up
 * to its totals. Throws with the seed in the message.
 */
export async function explore(seed: number): Promise<void> {
  const random = randomFrom(`explore/${seed}`);
  const spec = randomSpec(random.fork("spec"));
  try {
    const { type } = spec.problem;
    const start = await scene(spec, table(40 + random.integer(100), 3, seed, type === "logistic"));
    const calm = await segment(start);
    assert.equal(calm.stop.kind, "done");
    await checkRecord(start, calm.totals, calm.rounds);

    const again = await afresh(start);
    const repeated = await segment(again, { around: twice(random.integer(2) ? null : 23) });
    assert.equal(
      weightsDigest(wholeWeights(repeated.model)),
      weightsDigest(wholeWeights(calm.model)),
      "replies repeated",
    );

    const hurt = await afresh(start);
    const trouble = random.fork("trouble");
    const { end } = await throughout(hurt, (count) => accident(trouble, hurt, count));
    assert.equal(end.stop.kind, "done");
    await checkRecord(hurt, end.totals, end.rounds);
    if (spec.wait === "all")
      assert.equal(
        weightsDigest(wholeWeights(end.model)),
        weightsDigest(wholeWeights(calm.model)),
        "killed and resumed",
      );
  } catch (cause) {
    throw new Error(`seed ${seed} breaks a promise, with ${JSON.stringify(spec)}`, { cause });
  }
}

async function checkRecord(scene: Scene, totals: Totals, rounds: number): Promise<void> {
  const { events, digest, savedDigest } = await recorded(scene);
  assert.equal(digest, savedDigest, "the recording replays to the saved weights");
  const told = events.filter((event) => event.type === "round").map((event) => event.round);
  assert.deepEqual(
    told,
    Array.from({ length: rounds }, (_, i) => i),
    "every round is told once, in order",
  );
  assert.deepEqual(summed(events), totals, "the totals are those of the recorded replies");
  let atMs = 0;
  for (const event of events) {
    if (event.type === "result" || event.type === "evaluated") continue;
    assert.ok(event.atMs >= atMs - 1e-6, "time goes on");
    atMs = event.atMs;
  }
}

function summed(events: readonly RunEvent[]): Totals {
  let totals = noTotals;
  for (const event of events) {
    if (event.type !== "arrival") continue;
    const { usage, fate } = event;
    totals = {
      billedMs: totals.billedMs + usage.billedMs,
      bytesDown: totals.bytesDown + usage.bytesDown,
      bytesUp: totals.bytesUp + usage.bytesUp,
      costUsd: totals.costUsd + usage.costUsd,
      invocations: totals.invocations + 1,
      coldStarts: totals.coldStarts + (usage.coldStart ? 1 : 0),
      erasures: totals.erasures + (fate === "counted" ? 0 : 1),
    };
  }
  return totals;
}

/** A kill or an interruption for the first few segments, then peace. */
function accident(random: Random, { store }: Scene, count: number): Disturbance {
  if (count > 4) return {};
  if (random.integer(2) === 0) return killAt(store, 1 + random.integer(8));
  return interruptAt(1 + random.integer(30));
}

function randomSpec(random: Random) {
  const pick = <Item>(items: readonly Item[]): Item => items[random.integer(items.length)]!;
  const workers = 2 * (1 + random.integer(4));
  const problem = pick(["ridge", "ridge", "logistic"]);
  const encoding = pick(problem === "ridge" ? ["uncoded", "replication", "hadamard"] : copies);
  const needed = Math.ceil(workers * 0.75);
  const wait = pick([
    "all",
    { fastest: needed },
    { deadline: 20 + random.integer(80), atLeast: 1 },
    "adaptive",
    { adaptive: { rule: pick(["gain", "deadline", "disagreement"]), atLeast: needed } },
    { speculate: { after: 0.5, minimum: 1 + random.integer(50) } },
  ]);
  return {
    problem: { type: problem },
    encoding: { type: encoding },
    optimizer: { type: pick(["l-bfgs", "gradient-descent"]) },
    workers,
    wait,
    stop: { rounds: 1 + random.integer(10), tolerance: 0, patience: 1000 },
    seed: random.integer(1000),
    weather: {
      model: "late",
      probability: pick([0, 0.1, 0.4]),
      delayMs: pick([1, 30, 2000]),
      failures: pick([0, 0.05, 0.3]),
      hangs: pick([0, 0, 0.02]),
      duplicates: pick([0, 0.1]),
      coldStartMs: pick([0, 150]),
    },
  } as const;
}

const copies = ["uncoded", "replication"] as const;
