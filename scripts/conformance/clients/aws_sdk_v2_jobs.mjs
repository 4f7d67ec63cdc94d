import { createRequire } from "node:module";
import { endpoint, fetched, keys, large, perform, same, sent, small } from "./jobs.mjs";

process.env.AWS_SDK_JS_SUPPRESS_MAINTENANCE_MODE_MESSAGE = "1";
const AWS = createRequire(`${process.argv[2]}/`)("aws-sdk");
const Bucket = "clients-aws-sdk-v2";
const s3 = new AWS.S3({
  ...{ endpoint: endpoint.origin, s3ForcePathStyle: true, signatureVersion: "v4" },
  region: "us-east-1",
});
await s3.createBucket({ Bucket }).promise();
const got = async (Key, more = {}) => (await s3.getObject({ Bucket, Key, ...more }).promise()).Body;

await perform(AWS.VERSION, {
  async upload() {
    await s3.putObject({ Bucket, Key: "small", Body: small }).promise();
    same(await got("small"), small);
  },
  async multipart() {
    await s3.upload({ Bucket, Key: "large", Body: large }, { partSize: 5 * 2 ** 20 }).promise();
    same(await got("large"), large);
  },
  async ranges() {
    same(await got("large", { Range: "bytes=100-199" }), large.subarray(100, 200));
  },
  async list() {
    for (const key of keys) await s3.putObject({ Bucket, Key: `list/${key}`, Body: "x" }).promise();
    for (const how of ["listObjects", "listObjectsV2"]) {
      const { Contents } = await s3[how]({ Bucket, Prefix: "list/" }).promise();
      same(
        Contents.map(({ Key }) => Key),
        keys.map((key) => `list/${key}`),
        how,
      );
    }
  },
  async copy() {
    await s3.copyObject({ Bucket, Key: "copied", CopySource: `${Bucket}/small` }).promise();
    same(await got("copied"), small);
  },
  async "copy 20 MB"() {
    const at = { Bucket, Key: "large copied" };
    const { UploadId } = await s3.createMultipartUpload(at).promise();
    const Parts = [];
    for (let from = 0, PartNumber = 1; from < large.length; from += 8 * 2 ** 20, PartNumber++) {
      const last = Math.min(from + 8 * 2 ** 20, large.length) - 1;
      const source = { CopySource: `${Bucket}/large`, CopySourceRange: `bytes=${from}-${last}` };
      const part = { ...at, UploadId, PartNumber, ...source };
      const { CopyPartResult } = await s3.uploadPartCopy(part).promise();
      Parts.push({ PartNumber, ETag: CopyPartResult.ETag });
    }
    await s3.completeMultipartUpload({ ...at, UploadId, MultipartUpload: { Parts } }).promise();
    same(await got("large copied"), large);
  },
  async "delete many"() {
    const Objects = Array.from({ length: 50 }, (_, i) => ({ Key: `many/${i}` }));
    for (const { Key } of Objects) await s3.putObject({ Bucket, Key, Body: "x" }).promise();
    await s3.deleteObjects({ Bucket, Delete: { Objects } }).promise();
    const { Contents } = await s3.listObjectsV2({ Bucket, Prefix: "many/" }).promise();
    same(Contents, [], "list");
  },
  async presigned() {
    const at = { Bucket, Key: "signed ü", Expires: 60 };
    await sent(s3.getSignedUrl("putObject", at), small);
    same(await fetched(s3.getSignedUrl("getObject", at)), small);
  },
});
