import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { CreateBucketCommand, GetObjectCommand, PutObjectCommand } from "@aws-sdk/client-s3";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { crc32c, crc64nvme } from "../../src/emulator/s3/checksums.ts";
import { createS3 } from "../../src/emulator/s3/server.ts";
import { s3Client, s3Store } from "../../src/storage/s3.ts";
import { type Send, sendTo } from "./raw-request.ts";
import { type Listening, listen, temporaryFolder } from "./s3-listener.ts";

const folder = temporaryFolder();
let served: Listening;
const connectTo = (endpoint: string, maxAttempts = 1) =>
  s3Client({
    endpoint,
    region: "us-east-1",
    credentials: { accessKeyId: "local", secretAccessKey: "local" },
    maxAttempts,
  });

beforeAll(async () => {
  served = await listen({ root: join(folder.path, "root"), identities: undefined });
  await send("PUT", "/bkt");
});

afterAll(async () => {
  await served.close();
  folder.remove();
});

const send: Send = (...request) => sendTo(served.port, ...request);

test("the checksums zlib lacks give the catalogue's check values", () => {
  const digits = Buffer.from("123456789");
  expect(crc32c(digits)).toBe(0xe3069283);
  expect(crc64nvme(digits)).toEqual({ high: 0xae8b1486, low: 0x0a799888 });
  expect(crc32c(digits.subarray(4), crc32c(digits.subarray(0, 4)))).toBe(0xe3069283);
});

test("signed chunks are taken apart, and a wrong trailer stores nothing", async () => {
  const chunks = (checksum: string) =>
    `5;chunk-signature=${"a".repeat(64)}\r\n12345\r\n4;chunk-signature=b\r\n6789\r\n` +
    `0;chunk-signature=c\r\nx-amz-checksum-crc32c:${checksum}\r\nx-amz-trailer-signature:d\r\n\r\n`;
  const headers = {
    "content-encoding": "aws-chunked",
    "x-amz-content-sha256": "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER",
    "x-amz-decoded-content-length": "9",
    "x-amz-trailer": "x-amz-checksum-crc32c",
  };
  expect((await send("PUT", "/bkt/chunks", chunks("AAAAAA=="), headers)).body).toContain(
    "BadDigest",
  );
  expect((await send("GET", "/bkt/chunks")).status).toBe(404);
  expect((await send("PUT", "/bkt/chunks", chunks("4waSgw=="), headers)).status).toBe(200);
  expect((await send("GET", "/bkt/chunks")).body).toBe("123456789");
});

test("a chunk longer than it says is refused", async () => {
  const headers = { "content-encoding": "aws-chunked", "x-amz-decoded-content-length": "3" };
  const sent = await send("PUT", "/bkt/long", "3\r\nhello\r\n0\r\n\r\n", headers);
  expect([sent.status, sent.body]).toEqual([400, expect.stringContaining("IncompleteBody")]);
});

test("a bucket in the host name is the same bucket", async () => {
  const host = `bkt.localhost:${served.port}`;
  expect((await send("PUT", "/by/host", "x", { host })).status).toBe(200);
  expect((await send("GET", "/bkt/by/host")).body).toBe("x");
});

test("keys that look like ways out are only keys", async () => {
  for (const key of ["../../../out", "..", "/abs", "a/../b", "%00", "."]) {
    expect((await send("PUT", `/bkt/${key}`, key)).status).toBe(200);
    expect((await send("GET", `/bkt/${key}`)).body).toBe(key);
  }
  expect((await send("PUT", "/..", "")).status).toBe(400);
  expect((await send("PUT", `/bkt/${"x".repeat(1025)}`)).body).toContain("KeyTooLongError");
});

describe("faults", () => {
  test("are the same again for the same seed", async () => {
    const statuses = async () => {
      served.s3.setFaults({ seed: 3, slowDown: 0.3, internalError: 0.2 });
      const found: number[] = [];
      for (let i = 0; i < 30; i++) found.push((await send("GET", `/bkt/f${i % 10}`)).status);
      served.s3.setFaults({});
      return found;
    };
    const first = await statuses();
    expect(await statuses()).toEqual(first);
    expect(new Set(first)).toEqual(new Set([404, 500, 503]));
  });

  test("conflicts and lost replies leave writeOnce exact", async () => {
    const client = connectTo(served.endpoint, 10);
    const store = s3Store({ bucket: "bkt", prefix: "exact/", client });
    served.s3.setFaults({ seed: 5, conflict: 0.15, reset: 0.25 });
    for (let i = 0; i < 8; i++) {
      const tries = [0, 1, 2].map((n) => store.writeOnce(`${i}`, new Uint8Array([n])));
      const won = await Promise.all(tries);
      expect(won.filter(Boolean)).toHaveLength(1);
      expect([...(await store.read(`${i}`))!]).toEqual([won.indexOf(true)]);
    }
    served.s3.setFaults({});
    expect(served.s3.counts().faultsInjected).toBeGreaterThan(5);
    client.destroy();
  });
});

test("a write whose reply was lost counts as won by its retry", async () => {
  const client = connectTo(served.endpoint, 10);
  const store = s3Store({ bucket: "bkt", prefix: "lost/", client });
  served.s3.setFaults({ seed: 6, reset: 0.5 });
  const won = [];
  for (let i = 0; i < 12; i++) won.push(await store.writeOnce(`${i}`, new Uint8Array([i])));
  served.s3.setFaults({});
  expect(won).toEqual(won.map(() => true));
  client.destroy();
});

test("a folder has one server at a time; a dead one's lock is no lock", () => {
  const root = join(folder.path, "root");
  expect(() => createS3({ root })).toThrow("is serving this folder");
  const other = join(folder.path, "other");
  mkdirSync(other);
  writeFileSync(join(other, "lock"), "999999999\n");
  expect(() => createS3({ root: other })).not.toThrow();
});

test("objects, their headers and unfinished uploads outlive the server", async () => {
  const root = join(folder.path, "again");
  const first = await listen({ root, identities: undefined });
  const client = connectTo(first.endpoint);
  await client.send(new CreateBucketCommand({ Bucket: "again" }));
  const at = { Bucket: "again", Key: "k" };
  await client.send(new PutObjectCommand({ ...at, Body: "v", Metadata: { m: "1" } }));
  for (const Key of ["\u{1F600}", "\uFFFD"])
    await client.send(new PutObjectCommand({ Bucket: "again", Key, Body: "" }));
  const begun = await fetch(`${first.endpoint}/again/up?uploads`, { method: "POST" });
  const id = /<UploadId>(.*)<\/UploadId>/.exec(await begun.text())?.[1];
  const part = { method: "PUT", body: "part" };
  const sent = await fetch(`${first.endpoint}/again/up?partNumber=1&uploadId=${id}`, part);
  const etag = sent.headers.get("etag");
  await first.close();
  writeFileSync(join(root, "tmp", "left-over"), "half");
  const second = await listen({ root, identities: undefined });
  const again = connectTo(second.endpoint);
  const got = await again.send(new GetObjectCommand({ ...at, ChecksumMode: "ENABLED" }));
  expect(await got.Body!.transformToString()).toBe("v");
  expect([got.Metadata, got.ContentLength]).toEqual([{ m: "1" }, 1]);
  expect(second.s3.counts()).toMatchObject({ objects: 3, storedBytes: 1, gets: 1 });
  const store = s3Store({ bucket: "again", client: again });
  const named = `<Part><PartNumber>1</PartNumber><ETag>${etag}</ETag></Part>`;
  const body = `<CompleteMultipartUpload>${named}</CompleteMultipartUpload>`;
  await fetch(`${second.endpoint}/again/up?uploadId=${id}`, { method: "POST", body });
  expect(Buffer.from((await store.read("up"))!).toString()).toBe("part");
  await store.remove("up");
  expect(await store.list("")).toEqual(["k", "\uFFFD", "\u{1F600}"]);
  client.destroy();
  again.destroy();
  await second.close();
});

test("a full disk is said to be full, and nothing half written stays", async (context) => {
  const mount = join(folder.path, "small");
  mkdirSync(mount);
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=4m", "tmpfs", mount], { stdio: "ignore" });
  } catch {
    context.skip("a small file system cannot be mounted here");
  }
  try {
    const small = await listen({ root: join(mount, "root") });
    const client = connectTo(small.endpoint);
    await client.send(new CreateBucketCommand({ Bucket: "full" }));
    const put = (Key: string, bytes: number) =>
      client.send(new PutObjectCommand({ Bucket: "full", Key, Body: Buffer.alloc(bytes, 1) }));
    await put("kept", 1 << 20);
    for (let i = 0; i < 3; i++)
      await expect(put("large", 8 << 20)).rejects.toThrow("The disk is full");
    await put("fits", 2 << 20);
    expect(small.s3.counts()).toMatchObject({ objects: 2, storedBytes: 3 << 20 });
    client.destroy();
    await small.close();
  } finally {
    execFileSync("umount", ["-l", mount]);
  }
});
