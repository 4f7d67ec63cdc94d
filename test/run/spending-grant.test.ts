import { expect, test } from "vitest";
import { taskPrices } from "../../src/platform/task-prices.ts";
import type { Compute } from "../../src/ports/compute.ts";
import type { Store } from "../../src/ports/store.ts";
import { openTraining } from "../../src/run/resolve-members.ts";
import { Spending } from "../../src/run/spending.ts";
import { openSpendingGrant } from "../../src/run/spending-grant.ts";
import { memoryStore } from "../../src/storage/memory.ts";
import { budgetKey } from "../../src/store-layout.ts";
import type { WorkerReply, WorkerTask } from "../../src/tasks/protocol.ts";
import { recordLines } from "../privacy/neighbour-worlds.ts";
import { type Scene, scene, segment, table } from "../simulation/simulated-run.ts";

const stop = { rounds: 400, tolerance: 0 };
const ridge = { problem: { type: "ridge", l2: 0.05 }, workers: 4, stop };
const logistic = {
  problem: { type: "logistic", l2: 0.1 },
  data: { source: "table.csv", target: "y", classes: [0, 1], standardize: false },
  workers: 4,
  wait: "all",
  stop: { rounds: 30 },
};
const privacy = { epsilon: 3, delta: 1e-5, unit: "record", adjacency: "replace-one", clip: 1 };
const kinds: Readonly<Record<string, object>> = {
  rounds: { ...ridge, wait: { fastest: 3 } },
  "async-sgd": { ...ridge, strategy: "async-sgd", optimizer: "gradient-descent" },
  "local-steps": { ...ridge, strategy: { type: "local-steps", steps: 2, batch: 8 } },
  "encoded-blocks": { ...ridge, strategy: "encoded-blocks" },
  alternating: {
    problem: { type: "factorization", rank: 2, l2: 0.01 },
    data: { generate: { type: "ratings", rows: 300, users: 20, items: 15, rank: 2 } },
    workers: 4,
    strategy: { type: "alternating", epochs: 40, iterations: 3 },
  },
  "dp-sgd": { ...logistic, strategy: "dp-sgd", privacy },
  gossip: {
    ...logistic,
    strategy: { type: "gossip", graph: "ring", steps: { decaying: 0.1 }, region: { ball: 10 } },
    privacy,
  },
};

async function sceneWith(kind: object, dollars: number): Promise<Scene> {
  const isPrivate = "privacy" in kind;
  const text = isPrivate ? `a,b,y\n${recordLines(60).join("\n")}\n` : table(60, 4, 1);
  const given = kind as { readonly stop?: object };
  return scene({ ...kind, stop: { ...given.stop, dollars }, weather: { model: "lambda" } }, text);
}

const pricesOf = ({ record }: Scene) =>
  taskPrices(record.spec, "simulated", record.entriesPerSlot)!;

/** What the first wave may cost. */
async function firstBoundUsd(kind: object): Promise<number> {
  const start = await sceneWith(kind, 9);
  const { record, staged } = start;
  const training = openTraining(record.spec, staged, record);
  const wave = training.wanted(training.start());
  return new Spending(9, pricesOf(start)).reserve(wave, 0).boundUsd;
}

/**
 * One segment that is killed when it sends its `killAt`-th task: what it does from then on reaches
 * nobody. Returns what its tasks cost, those under way at the kill as much as they may.
 */
async function segmentUntil(start: Scene, killAt: number) {
  const control = new AbortController();
  const open = new Map<WorkerTask, number>();
  const prices = pricesOf(start);
  let [isDead, sent, usd] = [false, 0, 0];
  const die = () => {
    isDead = true;
    for (const bound of open.values()) usd += bound;
    control.abort();
  };
  const mortal = (compute: Compute<WorkerTask, WorkerReply>): Compute<WorkerTask, WorkerReply> => ({
    start(task, deliver, isWanted) {
      if (isDead) return;
      open.set(task, prices.boundUsd(task, task.limitMs!));
      compute.start(
        task,
        (outcome, usage) => {
          if (isDead) return;
          const bound = open.get(task) ?? 0;
          open.delete(task);
          usd += usage.mayHaveRun === true ? bound : usage.costUsd;
          deliver(outcome, usage);
        },
        isWanted,
      );
      if (++sent === killAt) die();
    },
    close: () => compute.close(),
  });
  const { store } = start;
  const write = <K extends "write" | "writeOnce">(name: K): Store[K] =>
    (async (key: string, bytes: Uint8Array) => isDead || store[name](key, bytes)) as never;
  const dying: Store = {
    read: (key) => store.read(key),
    list: (prefix) => store.list(prefix),
    write: write("write"),
    writeOnce: write("writeOnce"),
    remove: async (key) => (isDead ? undefined : store.remove(key)),
  };
  const { signal } = control;
  const how = { store: dying, signal, around: mortal, isPaid: true, isPlain: true };
  const { stop: end, totals } = await segment(start, how);
  return { usd, end, totals, isDead };
}

test.each(Object.entries(kinds))(
  "%s: killed at several points, it never spends more than its budget in all",
  async (_, kind) => {
    const dollars = 6.2 * (await firstBoundUsd(kind));
    for (const kills of [
      [3, 1, 6, 4, 4, 2],
      [9, 5, 30, 17, 8],
    ]) {
      const start = await sceneWith(kind, dollars);
      let usd = 0;
      let killed = 0;
      for (const killAt of [...kills, Number.POSITIVE_INFINITY]) {
        const part = await segmentUntil(start, killAt);
        usd += part.usd;
        if (part.isDead) killed++;
        expect(usd).toBeLessThanOrEqual(dollars * (1 + 1e-12));
        expect(part.totals.costUsd).toBeLessThanOrEqual(dollars);
        if (!part.isDead && part.end.kind === "budget") break;
      }
      expect(killed).toBeGreaterThan(1);
      expect(usd).toBeGreaterThan(0);
    }
  },
);

test("what is given back at an end serves a resumed run; what a kill leaves does not", async () => {
  const dollars = 20 * (await firstBoundUsd(kinds.rounds!));
  const start = await sceneWith(kinds.rounds!, dollars);
  const killed = await segmentUntil(start, 30);
  const noted = async () => (await openSpendingGrant(start.store, "trial", dollars)).beforeUsd;
  expect(await noted()).toBeGreaterThanOrEqual(killed.usd);
  const whole = await segmentUntil(start, Number.POSITIVE_INFINITY);
  const after = await noted();
  expect(after).toBeLessThanOrEqual(dollars);
  expect(after).toBeGreaterThanOrEqual(killed.usd + whole.usd);
  expect(after).toBeLessThan(killed.usd + whole.usd + dollars / 40 + killed.usd);
});

test("a damaged note is no note: what may be spent is not known", async () => {
  const store = memoryStore();
  const grant = await openSpendingGrant(store, "one", 1);
  expect([grant.beforeUsd, grant.covers(0), grant.covers(0.5)]).toEqual([0, true, false]);
  await grant.extend(0.5);
  expect([grant.covers(0.52), grant.covers(0.53)]).toEqual([true, false]);
  const bytes = (await store.read(budgetKey("one")))!;
  expect((await openSpendingGrant(store, "one", 1)).beforeUsd).toBe(0.52);
  for (const damaged of [bytes.slice(0, 9), new Uint8Array(0), bytes.with(14, 57)]) {
    await store.write(budgetKey("one"), damaged);
    await expect(openSpendingGrant(store, "one", 1)).rejects.toThrow(/budget\.json: it does not/);
  }
});

test("while the store takes no note, nothing is sent", async () => {
  const dollars = 20 * (await firstBoundUsd(kinds.rounds!));
  const start = await sceneWith(kinds.rounds!, dollars);
  const { store } = start;
  let sent = 0;
  const refusing: Store = {
    ...store,
    read: (key) => store.read(key),
    list: (prefix) => store.list(prefix),
    writeOnce: (key, bytes) => store.writeOnce(key, bytes),
    remove: (key) => store.remove(key),
    async write(key, bytes) {
      if (key === budgetKey("trial")) throw new Error("no room");
      await store.write(key, bytes);
    },
  };
  const counting = (compute: Compute<WorkerTask, WorkerReply>) => ({
    start(...given: Parameters<typeof compute.start>) {
      sent++;
      compute.start(...given);
    },
    close: () => compute.close(),
  });
  const how = { store: refusing, around: counting, isPaid: true, isPlain: true };
  const end = segment(start, how);
  await expect(end).resolves.toMatchObject({ stop: { kind: "unfinished" } });
  expect(sent).toBe(0);
});
