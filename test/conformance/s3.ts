import { randomBytes } from "node:crypto";
import { Readable } from "node:stream";
import {
  CopyObjectCommand,
  CreateBucketCommand,
  DeleteBucketCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  ListBucketsCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  type S3Client,
  S3ServiceException,
} from "@aws-sdk/client-s3";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { multipartChecks } from "./s3-multipart.ts";

export interface Subject {
  client(): S3Client;
  readonly bucket: string;
}

/**
 * What kofn expects of an S3, through the real SDK. The same checks run against the local server,
 * other servers and AWS; everything is in a bucket of its own that is removed afterwards.
 */
export function s3Conformance(name: string, subject: Subject): void {
  describe(name, () => {
    beforeAll(async () => {
      await subject.client().send(new CreateBucketCommand({ Bucket: subject.bucket }));
    });
    afterAll(async () => {
      await emptied(subject);
      await subject.client().send(new DeleteBucketCommand({ Bucket: subject.bucket }));
    });
    bucketChecks(subject);
    objectChecks(subject);
    conditionChecks(subject);
    listingChecks(subject);
    multipartChecks(subject);
  });
}

/** The status and code of a refusal; fails where there was none. */
export async function refusal(work: Promise<unknown>): Promise<[number | undefined, string]> {
  try {
    await work;
  } catch (thrown) {
    if (thrown instanceof S3ServiceException) return [thrown.$metadata.httpStatusCode, thrown.name];
    throw thrown;
  }
  throw new Error("expected a refusal");
}

function bucketChecks({ client, bucket: Bucket }: Subject): void {
  test("a bucket is there, is listed, and is not deleted while it holds something", async () => {
    const s3 = client();
    await s3.send(new HeadBucketCommand({ Bucket }));
    const { Buckets } = await s3.send(new ListBucketsCommand({}));
    expect(Buckets?.map(({ Name }) => Name)).toContain(Bucket);
    await s3.send(new PutObjectCommand({ Bucket, Key: "in the way", Body: "x" }));
    expect(await refusal(s3.send(new DeleteBucketCommand({ Bucket })))).toEqual([
      409,
      "BucketNotEmpty",
    ]);
    const missing = new HeadBucketCommand({ Bucket: `${Bucket}-missing` });
    expect((await refusal(s3.send(missing)))[0]).toBe(404);
  });
}

function objectChecks({ client, bucket: Bucket }: Subject): void {
  const body = randomBytes(50_000);

  test("put and get: bytes, type, metadata, ETag, length", async () => {
    const s3 = client();
    const at = { Bucket, Key: "deep/er/key" };
    const more = { ContentType: "text/x-kofn", Metadata: { run: "a 1" }, CacheControl: "no-store" };
    const put = await s3.send(new PutObjectCommand({ ...at, ...more, Body: body }));
    const got = await s3.send(new GetObjectCommand(at));
    expect(Buffer.compare(await got.Body!.transformToByteArray(), body)).toBe(0);
    expect(got).toMatchObject({ ...more, ETag: put.ETag, ContentLength: 50_000 });
    expect(got.ChecksumCRC32).toBe(put.ChecksumCRC32);
    expect(await s3.send(new HeadObjectCommand(at))).toMatchObject({ ...more, ETag: put.ETag });
  });

  test("a streamed put loses its chunk framing", async () => {
    const at = { Bucket, Key: "streamed" };
    const Body = Readable.from([body.subarray(0, 20_000), body.subarray(20_000)]);
    await client().send(new PutObjectCommand({ ...at, Body, ContentLength: body.length }));
    const got = await client().send(new GetObjectCommand(at));
    expect(Buffer.compare(await got.Body!.transformToByteArray(), body)).toBe(0);
    expect(got.ContentEncoding ?? "").not.toContain("aws-chunked");
  });

  test.each(["CRC32", "CRC32C", "SHA1", "SHA256"] as const)("checksum %s", async (algorithm) => {
    const at = { Bucket, Key: `checked/${algorithm}` };
    await client().send(new PutObjectCommand({ ...at, Body: body, ChecksumAlgorithm: algorithm }));
    const got = await client().send(new GetObjectCommand({ ...at, ChecksumMode: "ENABLED" }));
    expect(got[`Checksum${algorithm}`]).toBeTypeOf("string");
    expect((await got.Body!.transformToByteArray()).length).toBe(body.length);
  });

  test("a wrong checksum, MD5 or length stores nothing", async () => {
    const at = { Bucket, Key: "wrong" };
    const put = (more: object) =>
      client().send(new PutObjectCommand({ ...at, Body: "x", ...more }));
    expect((await refusal(put({ ChecksumCRC32: "AAAAAA==" })))[0]).toBe(400);
    const md5 = Buffer.alloc(16).toString("base64");
    expect(await refusal(put({ ContentMD5: md5 }))).toEqual([400, "BadDigest"]);
    expect((await refusal(client().send(new HeadObjectCommand(at))))[0]).toBe(404);
  });

  test("ranges: inside, open, suffix, over the end, beyond it", async () => {
    const at = { Bucket, Key: "ranged" };
    await client().send(new PutObjectCommand({ ...at, Body: "0123456789" }));
    const part = async (Range: string) => {
      const got = await client().send(new GetObjectCommand({ ...at, Range }));
      return [await got.Body!.transformToString(), got.ContentRange];
    };
    expect(await part("bytes=2-4")).toEqual(["234", "bytes 2-4/10"]);
    expect(await part("bytes=7-")).toEqual(["789", "bytes 7-9/10"]);
    expect(await part("bytes=-2")).toEqual(["89", "bytes 8-9/10"]);
    expect(await part("bytes=8-99")).toEqual(["89", "bytes 8-9/10"]);
    expect((await refusal(part("bytes=10-")))[0]).toBe(416);
  });

  test("an absent key, an empty object, removal twice", async () => {
    const at = { Bucket, Key: "empty" };
    expect(await refusal(client().send(new GetObjectCommand(at)))).toEqual([404, "NoSuchKey"]);
    await client().send(new PutObjectCommand({ ...at, Body: "" }));
    const got = await client().send(new GetObjectCommand(at));
    expect((await got.Body!.transformToByteArray()).length).toBe(0);
    await client().send(new DeleteObjectCommand(at));
    await client().send(new DeleteObjectCommand(at));
    expect((await refusal(client().send(new HeadObjectCommand(at))))[0]).toBe(404);
  });

  test("copy keeps or replaces metadata", async () => {
    const source = { Bucket, Key: "copy me+ä" };
    const CopySource = `${Bucket}/${encodeURIComponent(source.Key)}`;
    await client().send(new PutObjectCommand({ ...source, Body: body, Metadata: { a: "1" } }));
    await client().send(new CopyObjectCommand({ Bucket, Key: "kept", CopySource }));
    const more = { MetadataDirective: "REPLACE", Metadata: { b: "2" } } as const;
    await client().send(new CopyObjectCommand({ Bucket, Key: "replaced", CopySource, ...more }));
    const head = (Key: string) => client().send(new HeadObjectCommand({ Bucket, Key }));
    expect((await head("kept")).Metadata).toEqual({ a: "1" });
    expect((await head("replaced")).Metadata).toEqual({ b: "2" });
    expect((await head("kept")).ContentLength).toBe(body.length);
  });

  test("deleteObjects, with keys XML has to escape", async () => {
    const keys = ["d/<a&b>", "d/'q\"", "d/plain", "d/\u{1F600}"];
    for (const Key of keys) await client().send(new PutObjectCommand({ Bucket, Key, Body: "x" }));
    const Objects = [...keys, "d/absent"].map((Key) => ({ Key }));
    const reply = await client().send(new DeleteObjectsCommand({ Bucket, Delete: { Objects } }));
    expect(reply.Deleted?.map(({ Key }) => Key).sort()).toEqual([...keys, "d/absent"].sort());
    const left = await client().send(new ListObjectsV2Command({ Bucket, Prefix: "d/" }));
    expect(left.KeyCount).toBe(0);
  });
}

function conditionChecks({ client, bucket: Bucket }: Subject): void {
  const put = (Key: string, more: object) =>
    client().send(new PutObjectCommand({ Bucket, Key, Body: "x", ...more }));

  test("If-None-Match: * writes once, also among racers", async () => {
    await put("once", { IfNoneMatch: "*" });
    expect(await refusal(put("once", { IfNoneMatch: "*" }))).toEqual([412, "PreconditionFailed"]);
    const race = await Promise.allSettled(
      Array.from({ length: 10 }, () => put("raced", { IfNoneMatch: "*" })),
    );
    expect(race.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
  });

  test("If-Match compares and swaps: right, wrong, absent", async () => {
    const { ETag } = await put("swapped", {});
    await put("swapped", { IfMatch: ETag, Body: "y" });
    expect(await refusal(put("swapped", { IfMatch: ETag }))).toEqual([412, "PreconditionFailed"]);
    expect((await refusal(put("never", { IfMatch: ETag })))[0]).toBe(404);
  });

  test("reads: 304 where it is unchanged, 412 where it must not be", async () => {
    const { ETag } = await put("read", {});
    const get = (more: object) =>
      client().send(new GetObjectCommand({ Bucket, Key: "read", ...more }));
    expect((await refusal(get({ IfNoneMatch: ETag })))[0]).toBe(304);
    expect((await refusal(get({ IfMatch: '"0"' })))[0]).toBe(412);
    const later = new Date(Date.now() + 60_000);
    const earlier = new Date(Date.now() - 3_600_000);
    expect((await refusal(get({ IfUnmodifiedSince: earlier })))[0]).toBe(412);
    expect((await get({ IfModifiedSince: earlier })).ETag).toBe(ETag);
    expect((await get({ IfMatch: ETag, IfUnmodifiedSince: later })).ETag).toBe(ETag);
  });
}

function listingChecks({ client, bucket: Bucket }: Subject): void {
  const keys = ["l/A", "l/a b", "l/b/1", "l/b/2", "l/c+d", "l/\uFFFD", "l/\u{1F600}"];
  const list = (more: object) =>
    client().send(new ListObjectsV2Command({ Bucket, Prefix: "l/", ...more }));
  const names = (page: Awaited<ReturnType<typeof list>>) => [
    ...(page.Contents ?? []).map(({ Key }) => Key),
    ...(page.CommonPrefixes ?? []).map(({ Prefix }) => Prefix),
  ];

  beforeAll(async () => {
    for (const Key of keys) await client().send(new PutObjectCommand({ Bucket, Key, Body: "x" }));
  });

  test("lists in the order of UTF-8 bytes, from a prefix, after a key", async () => {
    expect(names(await list({}))).toEqual(keys);
    expect(names(await list({ Prefix: "l/b/" }))).toEqual(["l/b/1", "l/b/2"]);
    expect(names(await list({ StartAfter: "l/b/1" }))).toEqual(keys.slice(3));
    expect((await list({ EncodingType: "url" })).Contents?.[4]?.Key).toBe("l/c%2Bd");
  });

  test("folds at the delimiter and goes on page by page", async () => {
    const seen: (string | undefined)[] = [];
    let ContinuationToken: string | undefined;
    do {
      const page = await list({ MaxKeys: 2, Delimiter: "/", ContinuationToken });
      expect(page.KeyCount).toBeLessThanOrEqual(2);
      seen.push(...names(page));
      ContinuationToken = page.NextContinuationToken;
    } while (ContinuationToken !== undefined);
    expect(seen.sort()).toEqual(
      ["l/A", "l/a b", "l/b/", "l/c+d", "l/\uFFFD", "l/\u{1F600}"].sort(),
    );
  });
}

async function emptied({ client, bucket: Bucket }: Subject): Promise<void> {
  for (;;) {
    const { Contents = [] } = await client().send(new ListObjectsV2Command({ Bucket }));
    if (Contents.length === 0) return;
    const Objects = Contents.map(({ Key }) => ({ Key: Key! }));
    await client().send(new DeleteObjectsCommand({ Bucket, Delete: { Objects } }));
  }
}
