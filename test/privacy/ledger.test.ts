import { CreateBucketCommand } from "@aws-sdk/client-s3";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Store } from "../../src/ports/store.ts";
import { gaussianEpsilon } from "../../src/privacy/accountants/gaussian.ts";
import { entryBytes, type LedgerEntry } from "../../src/privacy/ledger/entry.ts";
import { type LedgerBudget, openLedger, publishOnce } from "../../src/privacy/ledger/ledger.ts";
import { memoryStore } from "../../src/storage/memory.ts";
import { s3Client, s3Store } from "../../src/storage/s3.ts";
import { flakyStore } from "../doubles/flaky-store.ts";
import { listen, temporaryFolder } from "../emulator/s3-listener.ts";

const folder = temporaryFolder();
const served = await listen({ root: folder.path });
const client = s3Client({
  endpoint: served.endpoint,
  region: "us-east-1",
  credentials: { accessKeyId: "local", secretAccessKey: "local" },
});

beforeAll(async () => {
  await client.send(new CreateBucketCommand({ Bucket: "ledgers" }));
});

afterAll(async () => {
  client.destroy();
  await served.close();
  folder.remove();
});

let fresh = 0;
const s3 = (): Store => s3Store({ bucket: "ledgers", prefix: `l${fresh++}/`, client });

const sigma = 26.11442145;
const budget: LedgerBudget = {
  epsilon: 1,
  delta: 1e-5,
  account: (releases, delta) => gaussianEpsilon(releases, delta)!,
};

function entry(id: string, more: Partial<LedgerEntry> = {}): LedgerEntry {
  const release = {
    mechanism: "gaussian",
    adjacency: "replace-one",
    sensitivity: 1,
    sigma,
  } as const;
  const about = { unit: "node", observers: "all who read messages", key: `message/${id}` } as const;
  return { id, release: { ...release, times: 1 }, ...about, ...more };
}

const code = (thrown: unknown) => (thrown as { code?: string }).code;

describe.each<[string, () => Store]>([
  ["memory", memoryStore],
  ["S3", s3],
])("a ledger in %s", (_name, open) => {
  test("100 at once: as many as the budget holds, the others refused", async () => {
    const store = open();
    // Five of ten such releases: 49 are worth epsilon 1 at this sigma.
    const narrow = { ...budget, epsilon: 0.28 };
    const outcomes = await Promise.allSettled(
      Array.from({ length: 100 }, (_, i) =>
        openLedger(store, "ledger/", narrow).reserve(entry(`release-${i}`)),
      ),
    );
    const refused = outcomes.filter((one) => one.status === "rejected");
    expect(new Set(refused.map(({ reason }) => code(reason)))).toEqual(new Set(["over-budget"]));
    const entries = await openLedger(store, "ledger/", narrow).entries();
    expect(entries.length).toBe(100 - refused.length);
    const epsilonOf = (count: number) =>
      gaussianEpsilon(
        Array.from({ length: count }, () => entry("any").release),
        1e-5,
      )!;
    expect(epsilonOf(entries.length)).toBeLessThanOrEqual(0.28);
    expect(epsilonOf(entries.length + 1)).toBeGreaterThan(0.28);
    expect(new Set(entries.map(({ id }) => id)).size).toBe(entries.length);
  });

  test("one id is charged once, however often and by however many it is tried", async () => {
    const store = open();
    const tries = Array.from({ length: 20 }, () =>
      publishOnce(store, openLedger(store, "ledger/", budget), entry("one"), Uint8Array.of(7)),
    );
    for (const bytes of await Promise.all(tries)) expect([...bytes]).toEqual([7]);
    const ledger = openLedger(store, "ledger/", budget);
    expect((await ledger.entries()).length).toBe(1);
    expect(await ledger.spent()).toBeCloseTo(gaussianEpsilon([entry("one").release], 1e-5)!, 14);
  });

  test("a retry gets the stored bytes, not its own", async () => {
    const store = open();
    const ledger = openLedger(store, "ledger/", budget);
    await publishOnce(store, ledger, entry("one"), Uint8Array.of(1, 2));
    expect([...(await publishOnce(store, ledger, entry("one"), Uint8Array.of(9, 9)))]).toEqual([
      1, 2,
    ]);
  });
});

test("49 messages at (1, 1e-5) fit, and the 50th does not", async () => {
  const store = memoryStore();
  const ledger = openLedger(store, "ledger/", budget);
  for (let t = 1; t <= 49; t++) await ledger.reserve(entry(`round/${t}`));
  expect(await ledger.spent()).toBeCloseTo(1, 8);
  await expect(ledger.reserve(entry("round/50"))).rejects.toMatchObject({
    code: "over-budget",
    message: expect.stringContaining("round/50: epsilon would be 1.01"),
  });
  expect((await ledger.entries()).length).toBe(49);
});

test("a crash after the reservation still counts, and the retry costs nothing more", async () => {
  const inner = memoryStore();
  let mayPublish = false;
  const crashing: Store = {
    ...inner,
    async writeOnce(key, bytes) {
      if (key.startsWith("message/") && !mayPublish) throw new Error("killed");
      return inner.writeOnce(key, bytes);
    },
  };
  const attempt = () =>
    publishOnce(crashing, openLedger(crashing, "ledger/", budget), entry("one"), Uint8Array.of(1));
  await expect(attempt()).rejects.toThrow("killed");
  const spent = await openLedger(inner, "ledger/", budget).spent();
  expect(spent).toBeGreaterThan(0.1);
  mayPublish = true;
  await attempt();
  expect(await openLedger(inner, "ledger/", budget).spent()).toBe(spent);
});

test("replies lost on the way: charged once, one object", async () => {
  const inner = memoryStore();
  const store = flakyStore(inner, { seed: 3, failures: 0.05, lostReplies: 0.1 });
  for (let t = 0; t < 20; t++) {
    let bytes: Uint8Array | null = null;
    for (let attempt = 0; bytes === null && attempt < 500; attempt++) {
      const ledger = openLedger(store, "ledger/", budget);
      const mine = Uint8Array.of(t, attempt);
      bytes = await publishOnce(store, ledger, entry(`round/${t}`), mine).catch(() => null);
    }
    expect(await inner.read(`message/round/${t}`)).toEqual(bytes);
  }
  const entries = await openLedger(inner, "ledger/", budget).entries();
  expect(entries.map(({ id }) => id)).toEqual(Array.from({ length: 20 }, (_, t) => `round/${t}`));
});

test("one name for two releases is refused", async () => {
  const ledger = openLedger(memoryStore(), "ledger/", budget);
  await ledger.reserve(entry("one"));
  const other = entry("one", {
    release: { ...entry("one").release, sigma: 20 } as LedgerEntry["release"],
  });
  await expect(ledger.reserve(other)).rejects.toMatchObject({ code: "other-release" });
});

test("a damaged ledger releases nothing", async () => {
  const store = memoryStore();
  await openLedger(store, "ledger/", budget).reserve(entry("one"));
  await store.write("ledger/00000001.json", new TextEncoder().encode('{"id":"one"'));
  await expect(openLedger(store, "ledger/", budget).reserve(entry("two"))).rejects.toMatchObject({
    code: "bad-ledger",
  });
});

/** A store that counts what is asked of it, and how many at once at most. */
function counting(inner: Store) {
  const count = { reads: 0, writes: 0 };
  const store: Store = {
    ...inner,
    read: (key) => {
      count.reads++;
      return inner.read(key);
    },
    writeOnce: (key, bytes) => {
      count.writes++;
      return inner.writeOnce(key, bytes);
    },
  };
  return { store, count };
}

const open = (store: Store, account: LedgerBudget["account"] = () => 0) =>
  openLedger(store, "ledger/", { ...budget, account });

test("a charge costs as much after a thousand others, and a cold start few reads", async () => {
  const { store, count } = counting(memoryStore());
  const lengths: number[] = [];
  const ledger = open(store, (releases) => lengths.push(releases.length) * 0);
  const at: number[] = [];
  for (let t = 1; t <= 1_100; t++) {
    count.reads = count.writes = 0;
    await ledger.reserve(entry(`round/${t}`));
    at.push(count.reads + count.writes);
  }
  // A look and a write; at the end of a page that one as well, at the begin of one a look for it.
  expect(new Set(at)).toEqual(new Set([2, 3]));
  expect(at.filter((operations) => operations === 3)).toHaveLength(4 + 5);
  expect(Math.max(...lengths)).toBe(1);
  count.reads = count.writes = 0;
  const cold = open(store);
  expect((await cold.entries()).map(({ id }) => id)).toEqual(
    Array.from({ length: 1_100 }, (_, i) => `round/${i + 1}`),
  );
  // Four pages of 256, then 76 entries, with what is looked for beyond them.
  expect(count.reads).toBeLessThan(4 + 4 + 76 + 64);
  expect(count.writes).toBe(0);
  await cold.reserve(entry("round/7"));
  expect(count.writes).toBe(0);
});

test("what it comes to is the same, however releases are grouped", async () => {
  const ledger = openLedger(memoryStore(), "ledger/", { ...budget, epsilon: 9 });
  const kinds = [20, 26, 31].map((width) => ({ ...entry("any").release, sigma: width }));
  const all: LedgerEntry["release"][] = [];
  for (let t = 0; t < 24; t++) {
    const release = kinds[t % 3] as LedgerEntry["release"];
    all.push(release);
    await ledger.reserve(entry(`round/${t}`, { release }));
  }
  expect(await ledger.spent()).toBeCloseTo(gaussianEpsilon(all, 1e-5)!, 12);
});

test("a ledger from before there were pages is read, charged and given its pages", async () => {
  const inner = memoryStore();
  const write = (t: number) =>
    inner.writeOnce(`ledger/${String(t).padStart(8, "0")}.json`, entryBytes(entry(`round/${t}`)));
  for (let t = 1; t <= 600; t++) await write(t);
  expect((await open(inner).entries()).length).toBe(600);
  expect((await inner.list("ledger/pages/")).length).toBe(0);
  await open(inner).reserve(entry("round/601"));
  expect((await inner.list("ledger/pages/")).length).toBe(2);
  // A page that a crash left out is only slower.
  await inner.remove("ledger/pages/00000001.json");
  const ids = (await open(inner).entries()).map(({ id }) => id);
  expect(ids).toEqual(Array.from({ length: 601 }, (_, i) => `round/${i + 1}`));
});

test.each(["[]", "{", '["x"]', JSON.stringify(Array(256).fill("{}"))])(
  "a damaged page releases nothing: %#",
  async (text) => {
    const store = memoryStore();
    await store.write("ledger/pages/00000001.json", new TextEncoder().encode(text));
    await expect(open(store).reserve(entry("one"))).rejects.toMatchObject({ name: "RunError" });
  },
);
