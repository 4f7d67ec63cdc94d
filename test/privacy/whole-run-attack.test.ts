import { hash } from "node:crypto";
import { describe, expect, test } from "vitest";
import { readExamples } from "../../src/data/parts/load-parts.ts";
import { readCheckpoint, readLog } from "../../src/journal/checkpoint.ts";
import type { Store } from "../../src/ports/store.ts";
import { clippedGradientParts } from "../../src/problems/clipped-gradients.ts";
import { problems } from "../../src/problems/registry.ts";
import { wholeWeights } from "../../src/run/model-weights.ts";
import { openTraining } from "../../src/run/resolve-members.ts";
import { nodeMessageKey, nodeSecretKey, noisedSumKey } from "../../src/store-layout.ts";
import type { ConsensusStepTask } from "../../src/tasks/consensus-step.ts";
import { mixed, nextState } from "../../src/tasks/consensus-update.ts";
import { labelled } from "../../src/tasks/minibatch.ts";
import { publishedVectorOf } from "../../src/tasks/published-vector.ts";
import { campaign } from "../campaign.ts";
import { type Scene, scene, segment } from "../simulation/simulated-run.ts";
import { testBits } from "./chance.ts";
import { recordLines } from "./neighbour-worlds.ts";

/*
 * An attacker on whole runs: it knows every record but whether the first one is there, or which of
 * two it is; it reads all that the run published, works out what each world would have published
 * before noise, round by round from what was public by then, and takes the nearer one.
 */
const workers = 3;
const rounds = 3;
const clip = 0.5;
const length = 3;
const attempts = campaign(40, 400);
const sampling = (4 * 0.5) / Math.sqrt(attempts);

interface Attack {
  readonly spec: object;
  readonly adjacency: "replace-one" | "add-remove";
  /** What was published, less what this world would have without noise; of all rounds. */
  distance(seen: Store, world: Scene): Promise<number>;
}

const sgd = { type: "sgd", learningRate: 0.5, momentum: 0 };
const attacks: Record<string, Attack> = {
  "sums by an aggregator": {
    spec: { strategy: { type: "dp-sgd", rate: 1 }, optimizer: sgd },
    adjacency: "replace-one",
    distance: (seen, world) => distanceOfSums(seen, world, false),
  },
  "sums by an aggregator, by the record": {
    spec: { strategy: { type: "dp-sgd", rate: 1 }, optimizer: sgd },
    adjacency: "add-remove",
    distance: (seen, world) => distanceOfSums(seen, world, false),
  },
  "sums by workers": {
    spec: { strategy: { type: "dp-sgd", rate: 1, noise: "workers" }, optimizer: sgd },
    adjacency: "add-remove",
    distance: (seen, world) => distanceOfSums(seen, world, true),
  },
  "messages of nodes": {
    spec: {
      strategy: { type: "gossip", graph: "ring", steps: { decaying: 0.1 }, region: { ball: 10 } },
    },
    adjacency: "replace-one",
    distance: distanceOfMessages,
  },
};

const lines = recordLines(60);
/** The record that is far from the others, in the place of the first. */
const other = ["-4.000,-4.000,1", ...lines.slice(1)];

async function worldsOf({ spec, adjacency }: Attack, epsilon: number): Promise<readonly Scene[]> {
  const isPresence = adjacency === "add-remove";
  const divisor = isPresence ? { divisor: lines.length } : {};
  const whole = {
    problem: { type: "logistic", l2: 0.1 },
    data: { source: "table.csv", target: "y", classes: [0, 1], standardize: false },
    ...{ workers, wait: "all", stop: { rounds }, seed: 5, ...spec },
    privacy: { epsilon, delta: 1e-5, unit: "record", adjacency, clip, ...divisor },
  };
  const file = (rows: readonly string[]) => `a,b,y\n${rows.join("\n")}\n`;
  const worlds = [file(other), file(isPresence ? other.slice(1) : lines)];
  return Promise.all(worlds.map((text) => scene(whole, text)));
}

/** How often the attacker is right. */
async function successOf(name: string, epsilon: number): Promise<number> {
  const attack = attacks[name]!;
  const worlds = await worldsOf(attack, epsilon);
  const coins = testBits(`whole run/${name}/${epsilon}`);
  let right = 0;
  for (let attempt = 0; attempt < attempts; attempt++) {
    const truth = coins.word() & 1;
    const seen = await published(worlds[truth]!, coins.word());
    const [here, there] = await Promise.all(worlds.map((one) => attack.distance(seen, one)));
    if (Number(there! < here!) === truth) right++;
  }
  campaign(() => undefined, console.log)(`${name}, epsilon ${epsilon}: ${right} of ${attempts}`);
  return right / attempts;
}

/** A run in this world, with secrets of its own. */
async function published(world: Scene, draw: number): Promise<Store> {
  const store = world.store;
  for (const key of await store.list("runs/trial/"))
    if (!key.endsWith("/run.json")) await store.remove(key);
  for (const node of ["aggregator", 0, 1, 2] as const)
    await store.write(nodeSecretKey("trial", node), hash("sha256", `${draw}/${node}`, "buffer"));
  const { stop } = await segment(world);
  expect(stop.kind).toBe("done");
  return store;
}

async function shardsOf({ staged, store }: Scene) {
  const { columns } = staged.prepared;
  return Promise.all(
    staged.encoded.slots.map(async ({ parts }) =>
      labelled(await readExamples(store, parts, columns)),
    ),
  );
}

async function distanceOfSums(seen: Store, world: Scene, bySlot: boolean): Promise<number> {
  const { traces } = await readLog(seen, "trial", await readCheckpoint<object>(seen, "trial"));
  const problem = problems.create(world.record.spec.problem);
  const shards = await shardsOf(world);
  let distance = 0;
  for (let round = 0; round < rounds; round++) {
    const weights = round === 0 ? null : wholeWeights(traces[round - 1]!.model);
    const at = weights === null ? new Float64Array(length) : Float64Array.from(weights);
    const sums = shards.map((shard) => clippedGradientParts(problem, shard, at, clip).clipped);
    const total = at.map((_, j) => sums.reduce((sum, one) => sum + one[j]!, 0));
    for (const [slot, expected] of (bySlot ? sums : [total]).entries()) {
      const key = bySlot ? `${noisedSumKey("trial", round)}-${slot}` : noisedSumKey("trial", round);
      distance += squared(publishedVectorOf((await seen.read(key))!, key, length), expected);
    }
  }
  return distance;
}

async function distanceOfMessages(seen: Store, world: Scene): Promise<number> {
  const { record, staged } = world;
  const training = openTraining(record.spec, staged, { largestEigenvalue: 0 });
  const tasks = training.wanted(training.start()) as ConsensusStepTask[];
  const problem = problems.create(record.spec.problem);
  const shards = await shardsOf(world);
  const message = async (round: number, node: number) => {
    const key = nodeMessageKey("trial", round, node);
    return publishedVectorOf((await seen.read(key))!, key, length);
  };
  let distance = 0;
  // A first message is made of rows as well, each from the same public start.
  for (const { slot, from, mixing, rule, weights } of tasks)
    for (let round = 1; round <= rounds; round++) {
      const heard = round === 1 ? null : [...from].map((node) => message(round - 1, node));
      const z =
        heard === null ? Float64Array.from(weights) : mixed(mixing, await Promise.all(heard));
      const x = nextState(problem, shards[slot]!, z, { ...rule, step: 1 / (0.1 * round) });
      distance += squared(await message(round, slot), x);
    }
  return distance;
}

function squared(a: Float64Array, b: Float64Array): number {
  return a.reduce((sum, value, j) => sum + (value - b[j]!) ** 2, 0);
}

describe.each(Object.keys(attacks))("%s", (name) => {
  test("at epsilon .5 the attacker is right as often as that allows, at most", async () => {
    const allowed = Math.exp(0.5) / (1 + Math.exp(0.5));
    expect(await successOf(name, 0.5)).toBeLessThan(allowed + sampling);
  });

  test("with next to no noise it is nearly always right: the attack is one", async () => {
    expect(await successOf(name, 400)).toBeGreaterThan(0.9);
  });
});
