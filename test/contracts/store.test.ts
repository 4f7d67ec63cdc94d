import { CreateBucketCommand } from "@aws-sdk/client-s3";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { compareUtf8 } from "../../src/core/text.ts";
import type { Store } from "../../src/ports/store.ts";
import { diskStore } from "../../src/storage/disk.ts";
import { memoryStore } from "../../src/storage/memory.ts";
import { s3Client, s3Store } from "../../src/storage/s3.ts";
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
  disk: () => diskStore(`${folder.path}/disk-${fresh++}`),
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
const bytes = fc.uint8Array({ maxLength: 300 });

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

describe.each(Object.entries(stores))("%s store", (_, make) => {
  test("holds what was written, under any keys, and lists it in order of bytes", async () => {
    const objects = fc.uniqueArray(fc.tuple(key, bytes), { maxLength: 12, selector: ([k]) => k });
    await fc.assert(
      fc.asyncProperty(objects, key, async (entries, extra) => {
        const store = make();
        await Promise.all(entries.map(([name, content]) => store.write(name, content)));
        for (const [name, content] of entries)
          expect(new Uint8Array((await store.read(name))!)).toEqual(content);
        const names = entries.map(([name]) => name).sort(compareUtf8);
        expect(await store.list("")).toEqual(names);
        const prefix = extra.slice(0, 2);
        if (prefix.isWellFormed())
          expect(await store.list(prefix)).toEqual(names.filter((name) => name.startsWith(prefix)));
        if (!names.includes(extra)) expect(await store.read(extra)).toBeNull();
        for (const name of names) await store.remove(name);
        expect(await store.list("")).toEqual([]);
      }),
      { numRuns: 25, seed: 7 },
    );
  });

  test("copies bytes in and out", async () => {
    const store = make();
    const mine = new Uint8Array([1, 2, 3]);
    const writing = store.write("k", mine);
    mine.fill(9);
    await writing;
    const read = (await store.read("k"))!;
    read.fill(7);
    expect([...(await store.read("k"))!]).toEqual([1, 2, 3]);
  });

  test("overwrites, and forgets what is removed", async () => {
    const store = make();
    await store.write("k", new Uint8Array(1000));
    await store.write("k", new Uint8Array([5]));
    expect([...(await store.read("k"))!]).toEqual([5]);
    await store.remove("k");
    await store.remove("k");
    expect(await store.read("k")).toBeNull();
    expect(await store.writeOnce("k", new Uint8Array())).toBe(true);
    expect((await store.read("k"))!.length).toBe(0);
  });

  test("lets exactly one of many concurrent writeOnce win, and keeps its bytes", async () => {
    const store = make();
    for (let round = 0; round < 5; round++) {
      const won = await Promise.all(
        Array.from({ length: 12 }, (_, i) => store.writeOnce(`r/${round}`, new Uint8Array([i]))),
      );
      expect(won.filter(Boolean)).toHaveLength(1);
      expect([...(await store.read(`r/${round}`))!]).toEqual([won.indexOf(true)]);
    }
  });

  test("never shows half an object while it is overwritten", async () => {
    const store = make();
    await store.write("k", new Uint8Array(200_000));
    const writes = Array.from({ length: 10 }, (_, i) =>
      store.write("k", new Uint8Array(200_000 + i).fill(i)),
    );
    for (let i = 0; i < 20; i++) {
      const seen = (await store.read("k"))!;
      const first = seen[0]!;
      expect(seen.every((byte) => byte === first)).toBe(true);
      if (first > 0) expect(seen.length).toBe(200_000 + first);
    }
    await Promise.all(writes);
  });

  test("takes objects of many parts, once where asked", async () => {
    const store = make();
    const large = new Uint8Array(12 << 20).map((_, i) => (i * 2654435761) >>> 13);
    await store.write("large", large);
    expect(Buffer.compare((await store.read("large"))!, large)).toBe(0);
    expect(await store.writeOnce("large", large)).toBe(false);
    expect(await store.writeOnce("large-too", large)).toBe(true);
  });

  test("refuses keys no store could hold", async () => {
    const store = make();
    await expect((async () => store.write("", new Uint8Array()))()).rejects.toThrow("empty");
    await expect((async () => store.read("x".repeat(1025)))()).rejects.toThrow("1025 bytes");
    await expect((async () => store.read("\ud800"))()).rejects.toThrow("well-formed");
  });
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
