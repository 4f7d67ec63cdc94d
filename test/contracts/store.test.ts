import { CreateBucketCommand } from "@aws-sdk/client-s3";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { compareUtf8 } from "../../src/core/text.ts";
import { folderStore } from "../../src/platform/local/folder-store.ts";
import type { Store } from "../../src/ports/store.ts";
import { overlayStore } from "../../src/simulation/overlay-store.ts";
import { diskStore } from "../../src/storage/disk.ts";
import { memoryStore } from "../../src/storage/memory.ts";
import { s3Client, s3Store } from "../../src/storage/s3.ts";
import { testStore } from "../../src/testing/store.ts";
import { flakyStore } from "../doubles/flaky-store.ts";
import { listen, temporaryFolder } from "../emulator/s3-listener.ts";

const folder = temporaryFolder();
const served = await listen({ root: `${folder.path}/s3` });
const client = s3Client({
  endpoint: served.endpoint,
  region: "us-east-1",
  credentials: { accessKeyId: "local", secretAccessKey: "local" },
});

let fresh = 0;
const stores: Record<string, () => Store> = {
  memory: memoryStore,
  overlay: () => overlayStore(memoryStore()),
  disk: () => diskStore(`${folder.path}/disk-${fresh++}`),
  folder: () => folderStore(`${folder.path}/folder-${fresh++}`, "laws"),
  s3: () => s3Store({ bucket: "laws", prefix: `s${fresh++}/`, client, partBytes: 5 << 20 }),
  flaky: () => flakyStore(memoryStore(), { seed: 1 }),
};

beforeAll(async () => {
  await client.send(new CreateBucketCommand({ Bucket: "laws" }));
});

afterAll(async () => {
  client.destroy();
  await served.close();
  folder.remove();
});

/** Keys that lead astray where keys become paths or addresses, among ordinary ones. */
const key = fc.oneof(
  fc.constantFrom(
    "a",
    "a/b",
    "A",
    "../x",
    "..",
    ".",
    "/",
    "//",
    "a//b",
    "/lead",
    "x/",
    "%2e",
    "a+b",
  ),
  fc.constantFrom(
    "a@",
    "a~",
    "b%",
    "\u{1F600}",
    "\uFFFD",
    "\uE000",
    " blank ",
    "é",
    "e\u0301",
    "?#&=",
  ),
  fc.string({ unit: "binary", minLength: 1, maxLength: 60 }).filter((text) => text.isWellFormed()),
  fc.string({ minLength: 200, maxLength: 300 }),
);

test("the order of keys is that of their bytes", () => {
  const pair = fc.tuple(key, key).filter((both) => both.every((text) => text.isWellFormed()));
  fc.assert(
    fc.property(pair, ([a, b]) => {
      const bytewise = Buffer.compare(Buffer.from(a), Buffer.from(b));
      expect(Math.sign(compareUtf8(a, b))).toBe(bytewise);
    }),
    { numRuns: 2000, seed: 8 },
  );
});

for (const [name, open] of Object.entries(stores)) testStore({ name, open }, { describe, test });

test.each(Object.entries(stores))("%s says which keys it refuses", async (_, open) => {
  const store = open();
  await expect((async () => store.write("", new Uint8Array()))()).rejects.toThrow("empty");
  await expect((async () => store.read("x".repeat(1025)))()).rejects.toThrow("1025 bytes");
  await expect((async () => store.read("\ud800"))()).rejects.toThrow("well-formed");
});

/** A store that breaks one law. */
const broken: readonly [law: string, store: (own: Store) => Store][] = [
  ["copies bytes", (own) => ({ ...own, ...aliasing() })],
  [
    "lets exactly one",
    (own) => ({ ...own, writeOnce: (key, bytes) => own.write(key, bytes).then(() => true) }),
  ],
  [
    "holds what was written",
    (own) => ({ ...own, list: async (prefix) => (await own.list(prefix)).toReversed() }),
  ],
  ["overwrites, and forgets", (own) => ({ ...own, remove: async () => {} })],
  ["refuses keys", (own) => ({ ...own, write: async () => {}, read: async () => null })],
];

function aliasing(): Pick<Store, "read" | "write"> {
  const held = new Map<string, Uint8Array>();
  return {
    read: async (key) => held.get(key) ?? null,
    write: async (key, bytes) => void held.set(key, bytes),
  };
}

test.each(broken)("a store that breaks a law is caught: %s", async (law, from) => {
  const caught: string[] = [];
  const tests: [string, () => Promise<void>][] = [];
  const runner = {
    describe: (_: string, body: () => void) => body(),
    test: (title: string, body: () => Promise<void>) => tests.push([title, body]),
  };
  testStore({ name: "broken", open: () => from(memoryStore()) }, runner);
  for (const [title, body] of tests)
    await body().catch((thrown: Error) => caught.push(`${title}: ${thrown.name}`));
  expect(
    caught.some((title) => title.startsWith(law)),
    caught.join("\n"),
  ).toBe(true);
});

test("S3 removes a thousand at once, those that are not there as well", async () => {
  let requests = 0;
  const counted = s3Client({
    endpoint: served.endpoint,
    region: "us-east-1",
    credentials: { accessKeyId: "local", secretAccessKey: "local" },
  });
  counted.middlewareStack.add(
    (next) => (given) => {
      requests++;
      return next(given);
    },
    { step: "initialize" },
  );
  const store = s3Store({ bucket: "laws", prefix: "removed/", client: counted });
  const keys = ["plain", "a b&<c>", "é/ü", "x/y+z"];
  for (const key of [...keys, "stays"]) await store.write(key, Uint8Array.of(1));
  requests = 0;
  await store.removeAll!([...keys, ...Array.from({ length: 1_200 }, (_, i) => `absent-${i}`)]);
  expect(requests).toBe(2);
  expect(await store.list("")).toEqual(["stays"]);
  counted.destroy();
});
