import { describe, expect, test } from "vitest";
import { replay } from "../../../src/engine/replay.ts";
import type { Compute } from "../../../src/ports/compute.ts";
import type { Store } from "../../../src/ports/store.ts";
import { memoryStore } from "../../../src/storage/memory.ts";
import { nodeSecretKey } from "../../../src/store-layout.ts";
import { localSteps } from "../../../src/strategies/local-steps/strategy.ts";
import type { WorkerReply, WorkerTask } from "../../../src/tasks/protocol.ts";
import { fixedPointStep } from "../../../src/tasks/secure-local-steps.ts";
import { lawful } from "../../engine/lawful.ts";
import { fatesOf, losing, twice, virtualRun } from "../../run/virtual-run.ts";
import { distance, type PlanOptions, workersOf } from "../local-steps/scene.ts";
import { always, openedSets, problem, secureScene, shards, workers } from "./scene.ts";

const stormy = { model: "late", probability: 0.3, delayMs: 90, failures: 0.15, hangs: 0.02 };

describe("secure sums of local steps keep the laws in stormy weather", () => {
  test.each<[string, PlanOptions]>([
    ["everybody", {}],
    ["the fastest three", { wait: { fastest: 3 }, stalenessMax: 2 }],
    ["a deadline", { wait: { deadline: 40, atLeast: 3 } }],
    [
      "backup tasks",
      { wait: { speculate: { after: 0.5, factor: 1.5, minimum: 10, quorum: "all" } } },
    ],
  ])("%s", async (name, options) => {
    const scene = secureScene({ roundsMax: 8, ...options });
    const end = await virtualRun(lawful(localSteps(scene.plan)), {
      perform: scene.perform,
      fateOf: fatesOf(stormy, name),
      around: (compute, clock) => twice(33)(losing(0.1)(compute), clock),
    });
    expect(end.stop).toEqual({ kind: "done" });
    expect(end.state.round).toBe(8);
    for (const sets of openedSets(scene).values()) expect(sets.size).toBe(1);
    const replayed = await replay(localSteps(scene.plan), end.events, scene.perform);
    expect(replayed.weights).toEqual(end.state.weights);
    // Other secrets, other masks, the same sums.
    const others = secureScene({ roundsMax: 8, ...options }, always(memoryStore()));
    const again = await replay(localSteps(others.plan), end.events, others.perform);
    expect(again.weights).toEqual(end.state.weights);
  });
});

test("the sum is exact to the stated error: as in clear, but for float32 there", async () => {
  const options = { roundsMax: 1, steps: 4 };
  const { plan, perform } = secureScene(options);
  const secure = await virtualRun(localSteps(plan), { perform });
  // As the paper's algorithm, in double precision, from the same draws.
  const clear = await virtualRun(localSteps({ ...plan, secure: null }), {
    perform: workersOf(problem, shards).perform,
  });
  const difference = distance(secure.state.weights, clear.state.weights);
  expect(difference).toBeGreaterThan(0);
  expect(difference).toBeLessThan(1e-7);
  expect(workers * fixedPointStep).toBeLessThan(1e-11);
  const [round, plain] = [secure, clear].map(({ events }) =>
    events.find((event) => event.type === "round"),
  );
  expect(round!.objectiveEstimate).toBeCloseTo(plain!.objectiveEstimate, 10);
});

/** Loses the task that is started as the n-th, before or after the work was done. */
function losingOne(count: number, isDone: boolean, perform: (task: WorkerTask) => unknown) {
  let started = 0;
  return (compute: Compute<WorkerTask, WorkerReply>): Compute<WorkerTask, WorkerReply> => ({
    close: () => compute.close(),
    start(task, deliver, isWanted) {
      if (++started !== count) return compute.start(task, deliver, isWanted);
      const lost = { kind: "lost", reason: "gone" } as const;
      compute.start(
        task,
        (_outcome, usage) => {
          if (isDone) void perform(task);
          deliver(lost, usage);
        },
        isWanted,
      );
    },
  });
}

test("a task lost at every instant, before and after its work, changes nothing", async () => {
  const options = { roundsMax: 2 };
  const calm = secureScene(options);
  const whole = await virtualRun(localSteps(calm.plan), { perform: calm.perform });
  const count = calm.asked.length;
  expect(count).toBeGreaterThan(3 + 2 * (workers + 2) - 1);
  for (let at = 1; at <= count; at++)
    for (const isDone of [false, true]) {
      const scene = secureScene(options);
      const end = await virtualRun(localSteps(scene.plan), {
        perform: scene.perform,
        around: losingOne(at, isDone, scene.perform),
      });
      expect(end.state.weights).toEqual(whole.state.weights);
      expect([...openedSets(scene).values()].map(({ size }) => size)).toEqual([1, 1]);
    }
});

test("a reply that comes while a sum opens, of a turn then given up, counts nowhere", async () => {
  // Slots work 10 ms: the second sum opens from 40 to 50 ms, and then slot 4 is too far behind.
  const { plan, perform, asked } = secureScene({ wait: { fastest: 3 }, stalenessMax: 1 });
  const end = await virtualRun(lawful(localSteps(plan)), {
    perform,
    around: (compute, clock) => ({
      close: () => compute.close(),
      start(task, deliver) {
        const isOld = task.slot === 4 && task.id.startsWith("turn-0/");
        compute.start(task, (outcome, usage) =>
          later(clock, isOld ? 25 : 0, () => deliver(outcome, usage)),
        );
      },
    }),
  });
  expect(end.stop).toEqual({ kind: "done" });
  const late = end.events.find(
    (event) => event.type === "arrival" && event.task === "turn-0/slot-4",
  );
  expect(late).toMatchObject({ atMs: 45, fate: "counted" });
  const sums = asked.flatMap(({ task }) =>
    task.operation === "mask-sum" ? [[...task.parties].join()] : [],
  );
  expect(sums.some((parties) => parties.includes("4,0"))).toBe(false);
});

/** A slot that answers late, or with `only` none but this kind of its tasks. */
function slow(slot: number, delayMs: number) {
  return (compute: Compute<WorkerTask, WorkerReply>, clock: Parameters<typeof later>[0]) => ({
    close: () => compute.close(),
    start(task: WorkerTask, deliver: Parameters<typeof compute.start>[1]) {
      const isSlow = task.slot === slot;
      compute.start(task, (outcome, usage) =>
        isSlow ? later(clock, delayMs, () => deliver(outcome, usage)) : deliver(outcome, usage),
      );
    },
  });
}

function later(
  clock: { nowMs(): number; schedule(atMs: number, act: () => void): unknown },
  delayMs: number,
  act: () => void,
): void {
  clock.schedule(clock.nowMs() + delayMs, act);
}

/** A run is killed once so many replies have come; another life of it goes on. */
async function killedAfter(replies: number, store: Store, options: PlanOptions) {
  const scene = secureScene(options, always(store));
  let heard = 0;
  const first = await virtualRun(localSteps(scene.plan), {
    perform: scene.perform,
    around: slow(4, 1_000),
    mayStop: (events) => {
      heard = events.filter(({ type }) => type === "arrival").length;
      return heard >= replies ? { kind: "interrupted", reason: "killed" } : null;
    },
  });
  const saved = first.saved.at(-1);
  const second = await virtualRun(lawful(localSteps(scene.plan)), {
    perform: scene.perform,
    around: slow(0, 1_000),
    ...(saved === undefined ? {} : { from: saved }),
  });
  return { scene, first, second };
}

describe("an orchestrator killed at every instant, whose next life hears other slots first", () => {
  const options = { roundsMax: 2, wait: { fastest: 3 } } as const;

  test("opens one sum a round, whichever was begun", async () => {
    let fixedOnce = 0;
    for (let replies = 1; replies <= 14; replies++) {
      const { scene, second } = await killedAfter(replies, memoryStore(), options);
      expect(second.stop).toEqual({ kind: "done" });
      for (const [round, sets] of openedSets(scene)) expect([round, sets.size]).toEqual([round, 1]);
      if (scene.asked.some(({ task }) => task.id.includes("/fixed/"))) fixedOnce++;
    }
    expect(fixedOnce).toBeGreaterThan(0);
  });

  test("in a store that forgets whose sum it is two sums would be opened", async () => {
    let most = 0;
    for (let replies = 1; replies <= 14; replies++) {
      const inner = memoryStore();
      const forgetful: Store = {
        ...inner,
        writeOnce: async (key, bytes) =>
          key.endsWith("/parties") ? true : inner.writeOnce(key, bytes),
      };
      const { scene } = await killedAfter(replies, forgetful, options);
      for (const { size } of openedSets(scene).values()) most = Math.max(most, size);
    }
    expect(most).toBe(2);
  });
});

test("a member that is asked about too few slots refuses, and writes nothing", async () => {
  const store = memoryStore();
  const { plan, perform, asked } = secureScene({ roundsMax: 1 }, always(store));
  await virtualRun(localSteps(plan), { perform });
  const { task } = asked.find((one) => one.task.operation === "mask-sum")!;
  const other = memoryStore();
  await other.write(nodeSecretKey("trial", task.slot), new Uint8Array(32));
  const fresh = secureScene({}, always(other));
  const few = { ...task, parties: Float64Array.of(0, 0, 1, 0) } as WorkerTask;
  await expect(fresh.perform(few)).rejects.toMatchObject({ code: "too-few-parties" });
  const twiceOne = { ...task, parties: Float64Array.of(0, 0, 1, 0, 1, 0) } as WorkerTask;
  await expect(fresh.perform(twiceOne)).rejects.toMatchObject({ code: "too-few-parties" });
  expect(await other.list("runs/")).toEqual([]);
  // A share opens for its own slot and round alone.
  for (const pairs of [
    [0, 5, 1, 0, 2, 0, 3, 0, 4, 0],
    [1, 0, 0, 0, 2, 0, 3, 0, 4, 0],
  ]) {
    const wrong = { ...task, parties: Float64Array.from(pairs) } as WorkerTask;
    await expect(perform(wrong)).rejects.toMatchObject({ code: "bad-share" });
  }
  const others = { ...task, parties: Float64Array.of(0, 0, 1, 0, 2, 0) } as WorkerTask;
  const reply = await perform(others);
  expect(reply.payload!.length).toBe(0);
  expect([...reply.values]).toEqual([0, 0, 1, 0, 2, 0, 3, 0, 4, 0]);
});
