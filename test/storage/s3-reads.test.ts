import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { crc32 } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { lazyS3Store } from "../../src/storage/lazy-s3.ts";
import { s3Store } from "../../src/storage/s3.ts";
import { localReads } from "../../src/storage/s3-reads.ts";
import { listenWithBucket, testKeys } from "../emulator/s3-listener.ts";

const bucket = "reads";
let opened: Awaited<ReturnType<typeof listenWithBucket>>;
beforeAll(async () => {
  opened = await listenWithBucket(bucket);
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await opened.close();
});

const environment = (endpoint = opened.served.endpoint) => ({
  AWS_ENDPOINT_URL_S3: endpoint,
  AWS_REGION: "us-east-1",
  AWS_ACCESS_KEY_ID: testKeys.accessKeyId,
  AWS_SECRET_ACCESS_KEY: testKeys.secretAccessKey,
});

describe("reads without the SDK", () => {
  test("give what the SDK gives, under keys of every kind", async () => {
    const store = s3Store({ bucket, client: opened.client });
    const read = localReads(bucket, environment())!;
    for (const key of ["plain", "a/b//c.d", "ü +*'()!~%2F?#&=;@", "x".repeat(1024)]) {
      const bytes = Buffer.from(`what ${key} holds`);
      await store.write(key, bytes);
      expect(await read(key), key).toEqual(new Uint8Array(bytes));
    }
    await store.write("none", new Uint8Array());
    expect(await read("none")).toHaveLength(0);
    expect(await read("absent")).toBeNull();
    await expect(read("")).rejects.toThrow("it is empty");
  });

  test("of an object in parts, whose checksum is of its parts' checksums", async () => {
    const store = s3Store({ bucket, client: opened.client, partBytes: 5 * 2 ** 20 });
    const bytes = Buffer.alloc(6 * 2 ** 20, "kofn");
    await store.write("large", bytes);
    const found = await localReads(bucket, environment())!("large");
    expect(Buffer.compare(found!, bytes)).toBe(0);
  });

  test("leave refusals, missing buckets and broken connections to the SDK", async () => {
    const stranger = { ...environment(), AWS_SECRET_ACCESS_KEY: "another" };
    const refused = localReads(bucket, stranger)!;
    const before = opened.served.s3.counts().errors;
    for (let i = 0; i < 3; i++) expect(await refused("plain")).toBeUndefined();
    expect(opened.served.s3.counts().errors - before).toBe(1);
    expect(await localReads("missing", environment())!("plain")).toBeUndefined();
    expect(await localReads(bucket, environment("http://127.0.0.1:1"))!("plain")).toBeUndefined();
  });

  test("leave bytes to it that are not those of the checksum", async () => {
    const bytes = Buffer.from("whole");
    const sum = Buffer.alloc(4);
    sum.writeUInt32BE(crc32(bytes));
    const told = sum.toString("base64");
    const server = createServer((request, response) => {
      const isDamaged = request.url!.endsWith("damaged");
      response.setHeader("x-amz-checksum-crc32", told).end(isDamaged ? "whale" : bytes);
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    const read = localReads(bucket, environment(`http://127.0.0.1:${port}`))!;
    expect(Buffer.from((await read("sound"))!).toString()).toBe("whole");
    expect(await read("damaged")).toBeUndefined();
    server.closeAllConnections();
    server.close();
  });

  test("are for buckets on this machine alone, and for keys that the environment holds", () => {
    for (const endpoint of [
      "https://127.0.0.1:9",
      "http://s3.example.com",
      "",
      "http://127.0.0.1.example.com",
    ])
      expect(localReads(bucket, environment(endpoint)), endpoint).toBeNull();
    expect(localReads(bucket, { ...environment(), AWS_SECRET_ACCESS_KEY: undefined })).toBeNull();
    expect(localReads(bucket, {})).toBeNull();
  });
});

test("a store of an environment loads no client to read shards, and one for the rest", async () => {
  for (const [name, value] of Object.entries(environment())) vi.stubEnv(name, value);
  const writer = s3Store({ bucket, client: opened.client });
  await writer.write("shard", Uint8Array.of(1, 2));
  let isLoaded = false;
  vi.doMock("../../src/storage/s3.ts", async (original) => {
    isLoaded = true;
    return original();
  });
  vi.resetModules();
  const fresh = await import("../../src/storage/lazy-s3.ts");
  const store = fresh.lazyS3Store(bucket);
  expect(await store.read("shard")).toEqual(Uint8Array.of(1, 2));
  expect(await store.read("absent")).toBeNull();
  expect(isLoaded).toBe(false);
  // What may be large is the client's to read: it does not hold an object twice.
  await writer.write("runs/a/model/part", Uint8Array.of(4));
  expect(await store.read("runs/a/model/part")).toEqual(Uint8Array.of(4));
  expect(isLoaded).toBe(true);
  await store.write("reply", Uint8Array.of(3));
  expect(await store.read("reply")).toEqual(Uint8Array.of(3));
  vi.doUnmock("../../src/storage/s3.ts");
});

test("go by the server's clock, once it has refused a request for its date", async () => {
  const read = localReads(bucket, environment())!;
  await s3Store({ bucket, client: opened.client }).write("late", Uint8Array.of(9));
  opened.served.s3.setFaults({ clockAheadMs: 5 * 3_600_000 });
  const { errors } = opened.served.s3.counts();
  for (let i = 0; i < 3; i++) expect(await read("late")).toEqual(Uint8Array.of(9));
  expect(opened.served.s3.counts().errors - errors).toBe(1);
  opened.served.s3.setFaults({});
});

test("a store of an environment reads through errors that the SDK tries again", async () => {
  for (const [name, value] of Object.entries(environment())) vi.stubEnv(name, value);
  const store = lazyS3Store(bucket);
  await store.write("often", Uint8Array.of(7));
  opened.served.s3.setFaults({ seed: "reads", slowDown: 0.1, reset: 0.1 });
  const before = opened.served.s3.counts().gets;
  for (let i = 0; i < 12; i++) expect(await store.read("often")).toEqual(Uint8Array.of(7));
  expect(opened.served.s3.counts().gets - before).toBeGreaterThan(12);
  opened.served.s3.setFaults({});
});
