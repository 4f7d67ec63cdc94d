import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import {
  accessKeyId as accessKey,
  collected,
  endpoint,
  fetched,
  keys,
  large,
  perform,
  same,
  secretAccessKey as secretKey,
  sent,
  small,
} from "./jobs.mjs";

const require = createRequire(`${process.argv[2]}/`);
const { Client, CopyConditions, CopyDestinationOptions, CopySourceOptions } = require("minio");
const { version } = JSON.parse(readFileSync(require.resolve("minio/package.json")));
const B = "clients-minio";
const client = new Client({
  ...{ endPoint: endpoint.hostname, port: Number(endpoint.port), useSSL: false },
  ...{ accessKey, secretKey, region: "us-east-1", partSize: 5 * 2 ** 20 },
});
await client.makeBucket(B, "us-east-1");
const got = async (key) => Buffer.concat(await collected(await client.getObject(B, key)));

await perform(version, {
  async upload() {
    await client.putObject(B, "small", small);
    same(await got("small"), small);
  },
  async multipart() {
    await client.putObject(B, "large", large);
    same(await got("large"), large);
  },
  async ranges() {
    const part = await client.getPartialObject(B, "large", 100, 100);
    same(Buffer.concat(await collected(part)), large.subarray(100, 200));
  },
  async list() {
    for (const key of keys) await client.putObject(B, `list/${key}`, "x");
    const wanted = keys.map((key) => `list/${key}`);
    for (const how of ["listObjects", "listObjectsV2"]) {
      const found = await collected(client[how](B, "list/", true));
      same(
        found.map(({ name }) => name),
        wanted,
        how,
      );
    }
  },
  async copy() {
    await client.copyObject(B, "copied", `/${B}/small`, new CopyConditions());
    same(await got("copied"), small);
  },
  async "copy 20 MB"() {
    const source = new CopySourceOptions({ Bucket: B, Object: "large" });
    const target = new CopyDestinationOptions({ Bucket: B, Object: "composed" });
    await client.composeObject(target, [source, source]);
    same(await got("composed"), Buffer.concat([large, large]));
  },
  async "delete many"() {
    const names = Array.from({ length: 50 }, (_, i) => `many/${i}`);
    for (const name of names) await client.putObject(B, name, "x");
    await client.removeObjects(B, names);
    same(await collected(client.listObjectsV2(B, "many/", true)), [], "list");
  },
  async presigned() {
    await sent(await client.presignedPutObject(B, "signed ü", 60), small);
    same(await fetched(await client.presignedGetObject(B, "signed ü", 60)), small);
  },
});
