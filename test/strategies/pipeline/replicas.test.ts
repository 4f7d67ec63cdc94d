import { beforeAll, describe, expect, it } from "vitest";
import { encodings } from "../../../src/encoding/registry.ts";
import { dealParts, dealReplicas } from "../../../src/strategies/pipeline/replicas.ts";
import type { WorkerReply, WorkerTask } from "../../../src/tasks/protocol.ts";
import { noFault } from "../../../src/weather/fault-decision.ts";
import { campaign } from "../../campaign.ts";
import { lawful } from "../../engine/lawful.ts";
import { fatesOf, twice } from "../../run/virtual-run.ts";
import { inOnePiece, pipelined, pipelineSpec } from "./pipelined.ts";

const cyclic = { type: "gradient-code", arrangement: "cyclic", stragglers: 1 };
const specOf = (replicas: number, more: object, options: object = {}) =>
  pipelineSpec({ replicas, microbatches: 6, ...options }, more);

const clippedAdam = { type: "adam", learningRate: 0.05, clip: 0.2 };
type Case = readonly [how: string, spec: object, replicas: number, spare: number];
const cases: readonly Case[] = [
  ["two replicas, a microbatch each in one", specOf(2, {}), 2, 0],
  ["three by a cyclic code", specOf(3, { encoding: cyclic, wait: { fastest: 2 } }), 3, 1],
  [
    "two that do the same",
    specOf(2, { encoding: "gradient-code", wait: { fastest: 1 } }, { schedule: "simple" }),
    2,
    1,
  ],
  [
    "four by replication, clipped",
    specOf(4, {
      encoding: "replication",
      wait: { fastest: 3 },
      optimizer: clippedAdam,
    }),
    4,
    1,
  ],
];

const workersOfOne = 3;
const replicaOfSlot = ({ slot }: WorkerTask) => Math.floor(slot / workersOfOne);
let aim = "";
let clipped = "";
beforeAll(async () => {
  const digestOf = async (spec: object) => (await (await pipelined(spec)).run("one")).digest;
  aim = await digestOf(specOf(1, {}));
  clipped = await digestOf(specOf(1, { optimizer: clippedAdam }));
});

describe.each<Case>(cases)("%s", (how, spec, replicas, spare) => {
  const wanted = () => (how.includes("clipped") ? clipped : aim);

  it("comes to the weights of one pipeline, to the bit, whichever replicas are lost", async () => {
    const { run, record } = await pipelined(spec);
    expect(record.spec.workers).toBe(replicas * workersOfOne);
    expect((await run("calm")).digest).toBe(wanted());
    for (let lost = 0; spare > 0 && lost < replicas; lost++) {
      const { digest, events, stop } = await run(`without-${lost}`, {
        worker: (perform) => async (task) => {
          if (replicaOfSlot(task) === lost) throw new Error("its region is down");
          return perform(task);
        },
      });
      expect(stop).toEqual({ kind: "done" });
      expect(digest).toBe(wanted());
      const rounds = events.filter((event) => event.type === "round");
      for (const { counted } of rounds) {
        expect(counted).toHaveLength((replicas - spare) * workersOfOne);
        expect(counted.some((slot) => Math.floor(slot / workersOfOne) === lost)).toBe(false);
      }
    }
  });

  it("and in weather, with every reply twice", async () => {
    const { run } = await pipelined(spec, "by reference");
    const sky = { model: "late", probability: 0.3, delayMs: 50, failures: 0.15, hangs: 0.02 };
    // The laws of strategies take long to watch.
    const watched = spare === 1 && replicas === 2 ? { watched: lawful } : {};
    const weather = { fateOf: fatesOf(sky), around: twice(13), ...watched };
    expect((await run("weather", weather)).digest).toBe(wanted());
  });
});

describe("steps over replicas come to the whole batch of one process", () => {
  it.each([
    { type: "sgd", learningRate: 0.3 },
    { type: "sgd", learningRate: 0.3, momentum: 0.9 },
    { type: "adam", learningRate: 0.05, clip: 0.2 },
  ])("by %j, whoever keeps the optimizer's state", async (optimizer) => {
    const more = { optimizer, stop: { rounds: campaign(3, 10), tolerance: 0 } };
    // Of a stage's layers each is a part. Cut by measured times, a stage may have one alone.
    const options = { batch: "all", placement: "first tied | middle | ..." };
    const { weights: aim } = await inOnePiece(specOf(1, more, { batch: "all" }));
    const ended = [true, false].map(async (shardOptimizer) => {
      const { run } = await pipelined(specOf(2, more, { ...options, shardOptimizer }));
      const updaters = new Set<number>();
      const end = await run("one", {
        worker: (perform) => (task) => {
          if (task.operation === "part-update") updaters.add(replicaOfSlot(task));
          return perform(task);
        },
      });
      return { ...end, updaters: [...updaters].sort() };
    });
    const [shared, first] = await Promise.all(ended);
    const largest = Math.max(...aim.map(Math.abs));
    const apart = aim.map((weight, i) => Math.abs(weight - shared!.weights[i]!) / largest);
    expect(Math.max(...apart)).toBeLessThan(1e-5);
    expect(first!.digest).toBe(shared!.digest);
    expect([shared!.updaters, first!.updaters]).toEqual([[0, 1], [0]]);
  });

  it("and each has its share of a stage's weights, but for a part", () => {
    const sizes = [7, 900, 30, 400, 410, 5, 1, 620];
    const total = sizes.reduce((a, b) => a + b, 0);
    const parts = [0, 1].flatMap((owner) =>
      sizes.map((size) => ({ owner, tensors: [{ name: "weight", index: 0, shape: [size] }] })),
    );
    for (const updaters of [[0], [0, 2], [1, 2, 3], [0, 1, 2, 3, 4]]) {
      const dealt = dealParts(parts, updaters);
      for (const owner of [0, 1])
        for (const updater of updaters) {
          const own = parts.filter((part, i) => part.owner === owner && dealt[i] === updater);
          const held = own.reduce((sum, { tensors }) => sum + tensors[0]!.shape[0]!, 0);
          expect(Math.abs(held - total / updaters.length)).toBeLessThan(Math.max(...sizes));
        }
    }
  });
});

it("does not wait for a replica that is far behind", async () => {
  const slow = (task: WorkerTask) => (replicaOfSlot(task) === 0 ? 2_000 : 0);
  const fateOf = (task: WorkerTask) => ({ ...noFault, delayMs: slow(task) });
  const [quick, whole] = await Promise.all(
    [{ fastest: 2 }, "all"].map(async (wait) => {
      const { run } = await pipelined(specOf(3, { encoding: cyclic, wait }));
      return run("slow", { fateOf });
    }),
  );
  expect(quick!.digest).toBe(whole!.digest);
  expect(quick!.elapsedMs).toBeLessThan(whole!.elapsedMs / 10);
});

it("gives up when more replicas are silent than it does without", async () => {
  const silent = (lost: number) => ({
    worker: (perform: (task: WorkerTask) => Promise<WorkerReply>) => async (task: WorkerTask) => {
      if (replicaOfSlot(task) < lost) throw new Error("its region is down");
      return perform(task);
    },
    watched: lawful,
  });
  const more = { encoding: cyclic, stop: { rounds: 2, tolerance: 0, patience: 3 } };
  const { run } = await pipelined(specOf(3, { ...more, wait: { fastest: 2 } }));
  expect((await run("two-lost", silent(2))).stop).toMatchObject({
    kind: "unfinished",
    reason: expect.stringMatching(/^replica-[01]\/.*its region is down/),
  });
  const { run: waitingForAll } = await pipelined(specOf(3, more));
  expect((await waitingForAll("one-lost", silent(1))).stop).toMatchObject({ kind: "unfinished" });
});

describe("dealing microbatches", () => {
  const deal = (microbatches: number, replicas: number, encoding: object, fastest: number) =>
    dealReplicas(
      { microbatches, replicas },
      { encoding: encodings.create(encoding as { type: string }), wait: { fastest }, seed: 1 },
    );

  it.each([
    [{ type: "uncoded" }, 3, 3],
    [{ type: "replication" }, 4, 3],
    [{ type: "replication", redundancy: 3 }, 6, 4],
    [{ type: "gradient-code", stragglers: 2 }, 6, 4],
    [{ type: "gradient-code", stragglers: 2, arrangement: "cyclic" }, 5, 3],
  ])("any k of $1 replicas have all microbatches: $0.type", (encoding, replicas, k) => {
    for (const count of [replicas, 2 * replicas, 7 * replicas + 1]) {
      const dealt = deal(count, replicas, encoding, k).microbatches;
      for (let set = 0; set < 2 ** replicas; set++) {
        const chosen = dealt.filter((_, replica) => (set >> replica) % 2 === 1);
        if (chosen.length < k) continue;
        expect(new Set(chosen.flat()).size).toBe(count);
      }
      // The control: with one replica fewer some microbatch would be missed, and it is refused.
      expect(() => deal(count, replicas, encoding, k - 1)).toThrow(`any ${k} have all`);
    }
  });

  it("refuses a replica without any microbatch", () => {
    expect(() => deal(2, 3, { type: "uncoded" }, 3)).toThrow(/2: replica \d of 3 has none/);
  });
});
