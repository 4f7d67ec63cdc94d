import { createHash } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Send, sendTo } from "./raw-request.ts";
import { type Listening, listen, temporaryFolder } from "./s3-listener.ts";

const folder = temporaryFolder();
let served: Listening;
const send: Send = (...request) => sendTo(served.port, ...request);
/** The status of an answer and, of a refusal, its code. */
const outcome = async (...request: Parameters<Send>) => {
  const { status, body } = await send(...request);
  return [status, /<Code>(\w+)</.exec(body)?.[1]];
};

beforeAll(async () => {
  served = await listen({ root: folder.path, identities: undefined });
  await send("PUT", "/bkt");
  await send("PUT", "/bkt/kept", "as it was");
});
afterAll(async () => {
  await served.close();
  folder.remove();
});

describe("an argument that means more than is done here is refused, and nothing is done", () => {
  const notHere = [501, "NotImplemented"];
  test.each([
    ["PUT", "/bkt/kept?acl"],
    ["PUT", "/bkt/kept?append"],
    ["PUT", "/bkt/kept?renameObject"],
    ["PUT", "/bkt/kept?retention"],
    ["PUT", "/bkt/kept?x-amz-acl=public-read"],
    ["PUT", "/bkt/kept?uploadId=x"],
    ["POST", "/bkt/kept?restore"],
    ["POST", "/bkt/kept?select&select-type=2"],
    ["GET", "/bkt/kept?torrent"],
    ["GET", "/bkt/kept?versionId=3sL4kqtJlcpXroDTDmJ"],
    ["GET", "/bkt/kept?whatever=1"],
    ["GET", "/bkt?versions"],
    ["GET", "/bkt?policyStatus"],
    ["GET", "/bkt?list-type=2&marker=a"],
    ["GET", "/?marker=a"],
    ["PUT", "/bkt?versioning"],
    ["PUT", "/bkt?tagging"],
    ["DELETE", "/bkt?lifecycle"],
    ["DELETE", "/bkt/kept?versionId=x"],
  ])("%s %s", async (method, path) => {
    expect(await outcome(method, path, "")).toEqual(notHere);
    expect((await send("GET", "/bkt/kept")).body).toBe("as it was");
  });

  test.each([
    ["PUT", "x-amz-write-offset-bytes", "9"],
    ["PUT", "x-amz-server-side-encryption", "AES256"],
    ["PUT", "x-amz-server-side-encryption", "aws:kms"],
    ["PUT", "x-amz-server-side-encryption-customer-algorithm", "AES256"],
    ["PUT", "x-amz-website-redirect-location", "/"],
    ["PUT", "x-amz-object-lock-mode", "GOVERNANCE"],
    ["PUT", "x-amz-grant-read", "id=1"],
    ["PUT", "x-amz-storage-class", "DEEP_ARCHIVE"],
    ["PUT", "x-amz-checksum-xxhash64", "AAAAAAAAAAA="],
    ["PUT", "x-amz-copy-source", "/bkt/kept?versionId=x"],
    ["PUT", "if-modified-since", "Mon, 30 Nov 2026 00:00:00 GMT"],
    ["PUT", "content-range", "bytes 0-1/9"],
    ["DELETE", "x-amz-if-match-size", "1"],
    ["DELETE", "x-amz-mfa", "1 2"],
    ["DELETE", "if-none-match", "*"],
    ["GET", "x-amz-server-side-encryption-customer-key", "a"],
    ["GET", "x-amz-unheard-of", "1"],
  ])("%s with %s: %s", async (method, header, value) => {
    expect(await outcome(method, "/bkt/kept", "", { [header]: value })).toEqual(notHere);
    expect((await send("GET", "/bkt/kept")).body).toBe("as it was");
  });

  test.each([
    ["x-amz-acl", "public-read", [400, "AccessControlListNotSupported"]],
    ["x-amz-storage-class", "COLD", [400, "InvalidStorageClass"]],
    ["x-amz-expected-bucket-owner", "111111111111", [403, "AccessDenied"]],
    ["x-amz-tagging", "a=1&a=2", [400, "InvalidTag"]],
    ["content-md5", "short", [400, "InvalidDigest"]],
    ["x-amz-checksum-crc32", "AAAA", [400, "InvalidRequest"]],
    ["x-amz-sdk-checksum-algorithm", "CRC32", [400, "InvalidRequest"]],
    ["transfer-encoding", "chunked", [411, "MissingContentLength"]],
  ])("PUT with %s: %s, a value that S3 refuses", async (header, value, refused) => {
    expect(await outcome("PUT", "/bkt/kept", "other", { [header]: value })).toEqual(refused);
    expect((await send("GET", "/bkt/kept")).body).toBe("as it was");
  });

  test("a copy's directives are two words, and its range lies within its source", async () => {
    const source = { "x-amz-copy-source": "/bkt/kept" };
    const copy = (more: object) => outcome("PUT", "/bkt/copy", "", { ...source, ...more });
    expect(await copy({ "x-amz-metadata-directive": "MERGE" })).toEqual([400, "InvalidArgument"]);
    expect(await copy({ "x-amz-tagging-directive": "MERGE" })).toEqual([400, "InvalidArgument"]);
    const begun = (await send("POST", "/bkt/parts?uploads")).body;
    const id = /<UploadId>(\w+)</.exec(begun)?.[1];
    for (const range of ["bytes=0-9", "bytes=5-", "bytes=3-2", "0-1"]) {
      const headers = { ...source, "x-amz-copy-source-range": range };
      const sent = outcome("PUT", `/bkt/parts?partNumber=1&uploadId=${id}`, "", headers);
      expect(await sent).toEqual([400, "InvalidArgument"]);
    }
  });
});

test("names that AWS forbids are no names of buckets", async () => {
  const forbidden = [
    ...["ab", "A-b", "a_b", "a..b", "-ab", "ab-", "192.168.5.4", "xn--abc", "sthree-abc"],
    ...["amzn-s3-demo-abc", "abc-s3alias", "abc--ol-s3", "abc.mrap", "abc--x-s3", "abc--table-s3"],
  ];
  for (const name of forbidden)
    expect([name, ...(await outcome("PUT", `/${name}`))]).toEqual([name, 400, "InvalidBucketName"]);
  const element = (name: string, content: string) => `<${name}>${content}</${name}>`;
  const constraint = (place: string) =>
    element("CreateBucketConfiguration", element("LocationConstraint", place));
  expect(await outcome("PUT", "/elsewhere", constraint("eu-west-1"))).toEqual([
    400,
    "IllegalLocationConstraintException",
  ]);
  expect(await outcome("PUT", "/here", constraint("us-east-1"))).toEqual([200, undefined]);
});

describe("many removals in one request", () => {
  const remove = (objects: string) => {
    const body = `<Delete>${objects}</Delete>`;
    const md5 = createHash("md5").update(body).digest("base64");
    return send("POST", "/bkt?delete", body, { "content-md5": md5 });
  };
  test("go only where the ETag is still the one that is named", async () => {
    for (const key of ["one", "two"]) await send("PUT", `/bkt/${key}`, key);
    const right = createHash("md5").update("two").digest("hex");
    const object = (key: string, etag: string) =>
      `<Object><Key>${key}</Key><ETag>"${etag}"</ETag></Object>`;
    const { body } = await remove(object("one", right) + object("two", right));
    expect(body).toContain("<Deleted><Key>two</Key></Deleted>");
    expect(body).toMatch(/<Error><Key>one<\/Key><Code>PreconditionFailed</);
    expect((await send("GET", "/bkt/one")).status).toBe(200);
  });

  test("take no other condition, no version, and no body that may be cut", async () => {
    for (const more of [
      "<Size>9</Size>",
      "<LastModifiedTime>x</LastModifiedTime>",
      "<VersionId>x</VersionId>",
    ]) {
      const { status } = await remove(`<Object><Key>kept</Key>${more}</Object>`);
      expect(status).toBe(501);
    }
    const body = "<Delete><Object><Key>kept</Key></Object></Delete>";
    expect(await outcome("POST", "/bkt?delete", body)).toEqual([400, "InvalidRequest"]);
    expect((await send("GET", "/bkt/kept")).body).toBe("as it was");
  });
});

test("refusals name the key, the condition, and the size that there is", async () => {
  expect((await send("GET", "/bkt/a%26b")).body).toContain("<Key>a&#38;b</Key>");
  const once = await send("PUT", "/bkt/kept", "other", { "if-none-match": "*" });
  expect(once.body).toContain("<Condition>If-None-Match</Condition>");
  const match = await send("GET", "/bkt/kept", "", { "if-match": '"0"' });
  expect(match.body).toContain("<Condition>If-Match</Condition>");
  const beyond = await send("GET", "/bkt/kept", "", { range: "bytes=9-" });
  expect(beyond.body).toContain("<ActualObjectSize>9</ActualObjectSize>");
  expect(beyond.body).toContain("<RangeRequested>bytes=9-</RangeRequested>");
});
