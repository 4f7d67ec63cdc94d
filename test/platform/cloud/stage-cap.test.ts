import { setImmediate as turn } from "node:timers/promises";
import { expect, test } from "vitest";
import { randomFrom } from "../../../src/core/random.ts";
import { dayOf, spendingLedger } from "../../../src/platform/cloud/spending-ledger.ts";
import { stageCap } from "../../../src/platform/cloud/stage-cap.ts";
import type { Compute, Outcome, Usage } from "../../../src/ports/compute.ts";
import { noUsage } from "../../../src/ports/compute.ts";
import type { Store } from "../../../src/ports/store.ts";
import { memoryStore } from "../../../src/storage/memory.ts";

/*
 * The cap of dollars a day that all runs of a stage share: what is really spent is never more, with
 * a hundred runs at once, orchestrators that are lost, and replies that come late or never.
 */

interface Task {
  readonly id: string;
  readonly slot: number;
}

const day = "2026-11-30";
const noon = Date.parse(`${day}T12:00:00Z`);
const boundUsd = 0.01;

/** Every request takes a turn, so that runs come in between one another anywhere. */
function slow(inner: Store): Store {
  const soon = async <T>(work: () => Promise<T>): Promise<T> => {
    await turn();
    return work();
  };
  return {
    read: (key) => soon(() => inner.read(key)),
    write: (key, bytes) => soon(() => inner.write(key, bytes)),
    writeOnce: (key, bytes) => soon(() => inner.writeOnce(key, bytes)),
    list: (prefix) => soon(() => inner.list(prefix)),
    remove: (key) => soon(() => inner.remove(key)),
  };
}

/** Tasks that cost what `usageOf` says, and say so in later turns, or never. */
function priced(usageOf: (task: Task) => Usage | null, onNever = () => {}): Compute<Task, string> {
  return {
    start(task, deliver) {
      const usage = usageOf(task);
      if (usage === null) return onNever();
      turn().then(() => deliver({ kind: "done", result: task.id }, usage));
    },
    async close() {},
  };
}

const asked = (compute: Compute<Task, string>, id: string) =>
  new Promise<Outcome<string>>((resolve) => compute.start({ id, slot: 0 }, resolve));

async function entriesOf(store: Store) {
  const keys = await store.list("spending/");
  const texts = await Promise.all(keys.map(async (key) => (await store.read(key))!));
  return texts.map(
    (bytes) => JSON.parse(new TextDecoder().decode(bytes)) as { usd: number; totalUsd: number },
  );
}

test("a hundred runs at once never spend more, whoever is lost and whatever is late", async () => {
  const store = slow(memoryStore());
  const capUsd = 4;
  let spentUsd = 0;
  let refused = 0;
  const random = randomFrom(7);
  const one = async (number: number) => {
    const cap = stageCap(store, { run: `run-${number}`, capUsd, nowMs: () => noon });
    const own = random.fork(`run ${number}`);
    let goOn = (_outcome: Outcome<string> | null) => {};
    const compute = cap.compute(
      priced(
        () => {
          const costUsd = boundUsd * own.uniform();
          spentUsd += costUsd;
          const fate = own.uniform();
          // Billed, and the reply is lost on its way, or never comes.
          if (fate < 0.05) return { ...noUsage, mayHaveRun: true };
          return fate < 0.1 ? null : { ...noUsage, costUsd };
        },
        () => goOn(null),
      ),
      () => boundUsd,
    );
    await cap.begin();
    for (let task = 0; task < 20 && !cap.signal.aborted; task++) {
      const { promise, resolve } = Promise.withResolvers<Outcome<string> | null>();
      goOn = resolve;
      compute.start({ id: `${task}`, slot: 0 }, resolve);
      if ((await promise)?.kind === "lost") refused++;
    }
    // Every seventh orchestrator is lost: nothing of what it reserved comes back.
    if (number % 7 !== 0) await cap.close();
  };
  await Promise.all(Array.from({ length: 100 }, (_, number) => one(number)));
  const entries = await entriesOf(store);
  expect(Math.max(...entries.map(({ totalUsd }) => totalUsd))).toBeLessThanOrEqual(capUsd);
  expect(spentUsd).toBeGreaterThan(capUsd / 8);
  expect(spentUsd).toBeLessThanOrEqual(entries.at(-1)!.totalUsd);
  expect(refused).toBeGreaterThan(0);
  // Each entry goes on from the one before it: none was made of a total that was out of date.
  let totalUsd = 0;
  for (const entry of entries) {
    totalUsd += entry.usd;
    expect(entry.totalUsd).toBeCloseTo(totalUsd, 9);
  }
});

test("what tasks did not use serves the next, and what is left is given back", async () => {
  const store = memoryStore();
  const cap = stageCap(store, { run: "a", capUsd: 1, nowMs: () => noon });
  const compute = cap.compute(
    priced(() => ({ ...noUsage, costUsd: 0.001 })),
    () => boundUsd,
  );
  // 100 tasks with bounds of a cent would be the whole cap.
  for (let task = 0; task < 300; task++)
    expect(await asked(compute, `${task}`)).toMatchObject({ kind: "done" });
  await cap.close();
  const entries = await entriesOf(store);
  expect(entries.at(-1)!.totalUsd).toBeCloseTo(0.3, 6);
  expect(entries.length).toBeLessThan(50);
});

test("the cap once reached says so, starts nothing more, and holds for the next", async () => {
  const store = memoryStore();
  let started = 0;
  const open = (nowMs: () => number) => {
    const cap = stageCap(store, { run: "a", capUsd: 0.05, nowMs });
    const compute = cap.compute(
      priced(() => {
        started++;
        return { ...noUsage, costUsd: boundUsd };
      }),
      () => boundUsd,
    );
    return { cap, compute };
  };
  const { cap, compute } = open(() => noon);
  await cap.begin();
  const outcomes = [];
  for (let task = 0; task < 4; task++) outcomes.push(await asked(compute, `${task}`));
  expect(outcomes.map(({ kind }) => kind)).toEqual(["done", "done", "lost", "lost"]);
  expect(cap.signal.reason).toMatchObject({
    code: "over-budget",
    message: expect.stringMatching(
      /^the stage's cap of \$0\.05 a day: \$0\.0\d+ of it are spent or reserved, and what comes/,
    ),
  });
  await cap.close();
  // Of its invocation's most 0.02 dollars it has used nothing, and two tasks more fit.
  const next = open(() => noon);
  expect((await asked(next.compute, "b")).kind).toBe("done");
  await next.cap.begin();
  expect(next.cap.signal.aborted).toBe(true);
  expect(started).toBe(3);
  const tomorrow = open(() => noon + 86_400_000);
  await tomorrow.cap.begin();
  expect((await asked(tomorrow.compute, "c")).kind).toBe("done");
});

test("after midnight what is spent counts for the new day", async () => {
  const store = memoryStore();
  let nowMs = Date.parse(`${day}T23:59:59Z`);
  const cap = stageCap(store, { run: "a", capUsd: 1, nowMs: () => nowMs });
  const late = Promise.withResolvers<Usage>();
  const held: Compute<Task, string> = {
    start(task, deliver) {
      const usage = task.id === "late" ? late.promise : Promise.resolve(noUsage);
      usage.then((one) => deliver({ kind: "done", result: "" }, one));
    },
    async close() {},
  };
  const compute = cap.compute(held, () => boundUsd);
  const before = asked(compute, "late");
  await turn();
  nowMs += 2_000;
  await asked(compute, "next");
  late.resolve({ ...noUsage, costUsd: 0.004 });
  await before;
  await cap.close();
  const ledger = spendingLedger(store, { run: "", capUsd: 1 });
  expect(await ledger.totalUsd(day)).toBeCloseTo(0.004, 9);
  expect(await ledger.totalUsd(dayOf(nowMs))).toBeCloseTo(0, 9);
});

test("requests to the store count", async () => {
  const store = memoryStore();
  const cap = stageCap(store, { run: "a", capUsd: 1, nowMs: () => noon });
  const counted = cap.store(store);
  const compute = cap.compute(
    priced(() => noUsage),
    () => boundUsd,
  );
  for (let i = 0; i < 900; i++) await counted.write("runs/a/x", new Uint8Array(1));
  await asked(compute, "a");
  await cap.close();
  const ledger = spendingLedger(store, { run: "", capUsd: 1 });
  expect(await ledger.totalUsd(day)).toBeCloseTo(900 * 5e-6, 9);
});

test("an entry that is damaged is told by its key, and nothing is spent on it", async () => {
  const store = memoryStore();
  await store.write(`spending/${day}/00000001.json`, new TextEncoder().encode('{"usd":1}'));
  const cap = stageCap(store, { run: "a", capUsd: 1, nowMs: () => noon });
  await expect(cap.begin()).rejects.toThrow(`spending/${day}/00000001.json: it is no entry`);
});
