import {
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  GetBucketVersioningCommand,
  ListBucketsCommand,
  ListMultipartUploadsCommand,
  ListObjectsCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  type S3Client,
} from "@aws-sdk/client-s3";
import { afterAll, beforeAll, expect, test } from "vitest";
import { listenWithBucket } from "./s3-listener.ts";

const Bucket = "listings";
let bucket: Awaited<ReturnType<typeof listenWithBucket>>;
let client: S3Client;

beforeAll(async () => {
  bucket = await listenWithBucket(Bucket);
  client = bucket.client;
});
afterAll(() => bucket.close());

const put = (Key: string) => client.send(new PutObjectCommand({ Bucket, Key, Body: "x" }));

test("listings of version 1 go on from a marker; owners come where they are wanted", async () => {
  for (const Key of ["v1/a", "v1/b/1", "v1/b/2", "v1/c"]) await put(Key);
  const list = (more: object) =>
    client.send(new ListObjectsCommand({ Bucket, Prefix: "v1/", ...more }));
  const first = await list({ Delimiter: "/", MaxKeys: 2 });
  expect(first.Contents?.map(({ Key }) => Key)).toEqual(["v1/a"]);
  expect(first.CommonPrefixes).toEqual([{ Prefix: "v1/b/" }]);
  expect([first.IsTruncated, first.NextMarker]).toEqual([true, "v1/b/"]);
  const second = await list({ Delimiter: "/", Marker: "v1/b/" });
  expect(second.Contents?.map(({ Key }) => Key)).toEqual(["v1/c"]);
  const flat = await list({ MaxKeys: 3, Marker: "v1/a" });
  expect(flat.Contents?.map(({ Key }) => Key)).toEqual(["v1/b/1", "v1/b/2", "v1/c"]);
  expect([flat.IsTruncated, flat.NextMarker]).toEqual([false, undefined]);
  expect(flat.Contents?.[0]?.Owner?.ID).toBeTypeOf("string");
  const ownerOf = async (FetchOwner: boolean) => {
    const page = new ListObjectsV2Command({ Bucket, Prefix: "v1/", FetchOwner });
    return (await client.send(page)).Contents?.[0]?.Owner?.ID;
  };
  expect([await ownerOf(false), typeof (await ownerOf(true))]).toEqual([undefined, "string"]);
});

test("unfinished uploads are listed page by page, folded, and from a marker", async () => {
  const begin = async (Key: string) =>
    (await client.send(new CreateMultipartUploadCommand({ Bucket, Key }))).UploadId;
  const ids = [await begin("u/a"), await begin("u/a"), await begin("u/b/1"), await begin("u/c")];
  const list = (more: object) =>
    client.send(new ListMultipartUploadsCommand({ Bucket, Prefix: "u/", ...more }));
  const first = await list({ MaxUploads: 1 });
  expect(first).toMatchObject({ IsTruncated: true, NextKeyMarker: "u/a", KeyMarker: "" });
  const seen = first.Uploads?.map(({ UploadId }) => UploadId) ?? [];
  const { NextKeyMarker: KeyMarker, NextUploadIdMarker: UploadIdMarker } = first;
  const rest = await list({ KeyMarker, UploadIdMarker });
  seen.push(...(rest.Uploads?.map(({ UploadId }) => UploadId) ?? []));
  expect(seen.toSorted()).toEqual(ids.toSorted());
  const folded = await list({ Delimiter: "/" });
  expect(folded.CommonPrefixes).toEqual([{ Prefix: "u/b/" }]);
  expect(folded.Uploads).toHaveLength(3);
});

test("buckets are listed by prefix and in pages; one has no versions", async () => {
  for (const name of ["list-a", "list-b", "list-c"])
    await client.send(new CreateBucketCommand({ Bucket: name }));
  const list = (more: object) => client.send(new ListBucketsCommand({ Prefix: "list-", ...more }));
  const first = await list({ MaxBuckets: 2 });
  expect(first.Buckets).toMatchObject([
    { Name: "list-a", BucketRegion: "us-east-1" },
    { Name: "list-b" },
  ]);
  const { ContinuationToken } = first;
  const rest = await list({ ContinuationToken });
  expect(rest.Buckets?.map(({ Name }) => Name)).toEqual(["list-c"]);
  expect(rest.ContinuationToken).toBeUndefined();
  const { Status } = await client.send(new GetBucketVersioningCommand({ Bucket }));
  expect(Status).toBeUndefined();
});
