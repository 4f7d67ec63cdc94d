import { randomBytes } from "node:crypto";
import {
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateMultipartUploadCommand,
  DeleteObjectTaggingCommand,
  GetObjectAttributesCommand,
  GetObjectCommand,
  GetObjectTaggingCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  PutObjectTaggingCommand,
  type S3Client,
  UploadPartCommand,
  UploadPartCopyCommand,
} from "@aws-sdk/client-s3";
import { afterAll, beforeAll, expect, test } from "vitest";
import { crc64nvme } from "../../src/emulator/s3/checksums.ts";
import { refusal } from "../conformance/s3.ts";
import { listenWithBucket } from "./s3-listener.ts";

const Bucket = "features";
let bucket: Awaited<ReturnType<typeof listenWithBucket>>;
let client: S3Client;

beforeAll(async () => {
  bucket = await listenWithBucket(Bucket);
  client = bucket.client;
});
afterAll(() => bucket.close());

const put = (Key: string, more: object = {}) =>
  client.send(new PutObjectCommand({ Bucket, Key, Body: "x", ...more }));
const head = (Key: string, more: object = {}) =>
  client.send(new HeadObjectCommand({ Bucket, Key, ...more }));

const whole = randomBytes((5 << 20) + 1000);
const pieces = [whole.subarray(0, 5 << 20), whole.subarray(5 << 20)];

async function uploaded(Key: string, begin: object, complete: object = {}) {
  const at = { Bucket, Key };
  const begun = await client.send(new CreateMultipartUploadCommand({ ...at, ...begin }));
  const { UploadId } = begun;
  const Parts = [];
  for (const [i, Body] of pieces.entries()) {
    const part = { ...at, UploadId, PartNumber: i + 1, Body };
    const sent = await client.send(new UploadPartCommand({ ...part, ...begin }));
    const { $metadata: _, ServerSideEncryption: __, ...sums } = sent;
    Parts.push({ PartNumber: i + 1, ...sums });
  }
  const end = { ...at, UploadId, MultipartUpload: { Parts }, ...complete };
  return { begun, ended: await client.send(new CompleteMultipartUploadCommand(end)) };
}

test("a part of an object is read by its number, whole or its head alone", async () => {
  const { begun } = await uploaded("parts", { ChecksumAlgorithm: "CRC32C" });
  expect([begun.ChecksumAlgorithm, begun.ChecksumType]).toEqual(["CRC32C", "COMPOSITE"]);
  const at = { Bucket, Key: "parts", ChecksumMode: "ENABLED" } as const;
  const second = await client.send(new GetObjectCommand({ ...at, PartNumber: 2 }));
  expect(Buffer.compare(await second.Body!.transformToByteArray(), pieces[1]!)).toBe(0);
  expect(second).toMatchObject({
    PartsCount: 2,
    ContentRange: `bytes ${5 << 20}-${whole.length - 1}/${whole.length}`,
    ChecksumCRC32C: expect.stringMatching(/^[\w+/]{6}==$/),
  });
  const first = await head("parts", { PartNumber: 1 });
  expect([first.ContentLength, first.PartsCount]).toEqual([5 << 20, 2]);
  expect((await refusal(head("parts", { PartNumber: 3 })))[0]).toBe(416);
  const both = client.send(new GetObjectCommand({ ...at, PartNumber: 1, Range: "bytes=0-1" }));
  expect(await refusal(both)).toEqual([400, "InvalidRequest"]);
  await put("single");
  const single = await head("single", { PartNumber: 1 });
  expect([single.ContentLength, single.PartsCount]).toEqual([1, undefined]);
});

test("what came without a checksum has CRC-64/NVME, also in parts", async () => {
  const word = crc64nvme(whole);
  const bytes = Buffer.alloc(8);
  bytes.writeUInt32BE(word.high, 0);
  bytes.writeUInt32BE(word.low, 4);
  const { ended } = await uploaded("plain", {}, { MpuObjectSize: whole.length });
  expect(ended).toMatchObject({
    ChecksumCRC64NVME: bytes.toString("base64"),
    ChecksumType: "FULL_OBJECT",
  });
  const { Checksum: checksum } = await client.send(
    new GetObjectAttributesCommand({ Bucket, Key: "plain", ObjectAttributes: ["Checksum"] }),
  );
  expect(checksum?.ChecksumCRC64NVME).toBe(bytes.toString("base64"));
});

test("a completion with another size, or without its parts' checksums, is refused", async () => {
  const size = uploaded("cut", {}, { MpuObjectSize: 7 });
  expect(await refusal(size)).toEqual([400, "InvalidRequest"]);
  expect((await refusal(head("cut")))[0]).toBe(404);
  const at = { Bucket, Key: "cut", ChecksumAlgorithm: "SHA256" } as const;
  const { UploadId } = await client.send(new CreateMultipartUploadCommand(at));
  const { ETag } = await client.send(
    new UploadPartCommand({ ...at, UploadId, PartNumber: 1, Body: "x" }),
  );
  const MultipartUpload = { Parts: [{ PartNumber: 1, ETag }] };
  const bare = new CompleteMultipartUploadCommand({
    Bucket,
    Key: "cut",
    UploadId,
    MultipartUpload,
  });
  expect(await refusal(client.send(bare))).toEqual([400, "InvalidRequest"]);
});

test.each(["SHA512", "MD5"] as const)("checksum %s is checked and kept", async (algorithm) => {
  const Body = Buffer.from("123456789");
  const value = (await import("node:crypto")).hash(algorithm.toLowerCase(), Body, "base64");
  await put(algorithm, { Body, [`Checksum${algorithm}`]: value });
  expect(await head(algorithm, { ChecksumMode: "ENABLED" })).toMatchObject({
    [`Checksum${algorithm}`]: value,
  });
  const wrong = Buffer.alloc(Buffer.from(value, "base64").length).toString("base64");
  expect(await refusal(put(algorithm, { Body, [`Checksum${algorithm}`]: wrong }))).toEqual([
    400,
    "BadDigest",
  ]);
});

test("tags and storage class stay with an object, and go with a copy as they should", async () => {
  await put("tagged", { Tagging: "run=007&who=%C3%BC", StorageClass: "STANDARD_IA" });
  const tagsOf = async (Key: string) =>
    (await client.send(new GetObjectTaggingCommand({ Bucket, Key }))).TagSet;
  const tags = [
    { Key: "run", Value: "007" },
    { Key: "who", Value: "ü" },
  ];
  expect(await tagsOf("tagged")).toEqual(tags);
  const before = await head("tagged");
  expect(before).toMatchObject({ StorageClass: "STANDARD_IA", TagCount: 2 });
  const CopySource = `${Bucket}/tagged`;
  await client.send(new CopyObjectCommand({ Bucket, Key: "copy", CopySource }));
  expect(await tagsOf("copy")).toEqual(tags);
  expect((await head("copy")).StorageClass).toBeUndefined();
  const other = { TaggingDirective: "REPLACE", Tagging: "b=2" } as const;
  await client.send(new CopyObjectCommand({ Bucket, Key: "retagged", CopySource, ...other }));
  expect(await tagsOf("retagged")).toEqual([{ Key: "b", Value: "2" }]);
  const Tagging = { TagSet: [{ Key: "c", Value: "" }] };
  await client.send(new PutObjectTaggingCommand({ Bucket, Key: "tagged", Tagging }));
  expect(await tagsOf("tagged")).toEqual([{ Key: "c", Value: "" }]);
  const { LastModified, ETag } = await head("tagged");
  expect({ LastModified, ETag }).toEqual({ LastModified: before.LastModified, ETag: before.ETag });
  await client.send(new DeleteObjectTaggingCommand({ Bucket, Key: "tagged" }));
  expect(await tagsOf("tagged")).toEqual([]);
  const { Contents } = await client.send(new ListObjectsV2Command({ Bucket, Prefix: "tagged" }));
  expect(Contents?.[0]).toMatchObject({ StorageClass: "STANDARD_IA" });
});

test("a part is copied from another object, whole or a stretch of it", async () => {
  await put("source", { Body: whole });
  const at = { Bucket, Key: "joined" };
  const { UploadId } = await client.send(new CreateMultipartUploadCommand(at));
  const { Uploads } = await client.send(new ListMultipartUploadsCommand({ Bucket }));
  expect(Uploads?.filter(({ Key }) => Key === "joined")).toMatchObject([{ UploadId }]);
  const CopySource = `${Bucket}/source`;
  const Parts = [];
  for (const [i, CopySourceRange] of [undefined, `bytes=10-${whole.length - 1}`].entries()) {
    const range = CopySourceRange === undefined ? {} : { CopySourceRange };
    const { CopyPartResult: part } = await client.send(
      new UploadPartCopyCommand({ ...at, UploadId, PartNumber: i + 1, CopySource, ...range }),
    );
    Parts.push({ PartNumber: i + 1, ETag: part?.ETag });
  }
  const end = { ...at, UploadId, MultipartUpload: { Parts } };
  await client.send(new CompleteMultipartUploadCommand(end));
  const got = await client.send(new GetObjectCommand(at));
  const joined = Buffer.from(await got.Body!.transformToByteArray());
  expect(joined.equals(Buffer.concat([whole, whole.subarray(10)]))).toBe(true);
});

test("an object's attributes are told, those of parts where parts have checksums", async () => {
  await uploaded("told", { ChecksumAlgorithm: "SHA256" });
  const { LastModified, ETag } = await head("told");
  const all = ["ETag", "Checksum", "ObjectParts", "StorageClass", "ObjectSize"] as const;
  const told = await client.send(
    new GetObjectAttributesCommand({ Bucket, Key: "told", ObjectAttributes: [...all] }),
  );
  expect(told).toMatchObject({
    LastModified,
    ETag: ETag?.replaceAll('"', ""),
    ObjectSize: whole.length,
    StorageClass: "STANDARD",
    Checksum: { ChecksumType: "COMPOSITE", ChecksumSHA256: expect.stringMatching(/-2$/) },
    ObjectParts: { TotalPartsCount: 2, IsTruncated: false },
  });
  expect(told.ObjectParts?.Parts?.map(({ Size }) => Size)).toEqual([5 << 20, 1000]);
});
