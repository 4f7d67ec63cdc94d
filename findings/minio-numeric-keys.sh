#!/usr/bin/env bash
# minio-js lists an object named "007" as "7", "0x10" as "16" and " a" as "a": listObjectsV2 parses the server's XML
# with numbers and trimming on, so that a get by the listed name finds nothing, or another object. listObjects
# (version 1 of the call) keeps the digits but trims too; getObjectTagging gives "007" as the number 7 and "true"
# as a boolean, where its page has strings. The answers below are of the form that the S3 API reference gives; the
# AWS SDK keeps every name. Zero-padded names without a suffix (shards, steps, run ids) meet it.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
npm install --silent --no-audit --no-fund --prefix "$dir" minio@8.0.7 @aws-sdk/client-s3@3.1075.0
cd "$dir"
cat > run.mjs <<'JS'
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { ListObjectsV2Command, S3Client } from "@aws-sdk/client-s3";
import { Client } from "minio";

const versionOf = (name) => JSON.parse(readFileSync(`node_modules/${name}/package.json`)).version;
for (const name of ["minio", "@aws-sdk/client-s3"]) console.log(name, versionOf(name));

const keys = ["007", "0x10", " a", "b7"];
const tag = (key, value) => `<Tag><Key>${key}</Key><Value>${value}</Value></Tag>`;
const space = 'xmlns="http://s3.amazonaws.com/doc/2006-03-01/"';
const listing = `<ListBucketResult ${space}><Name>data</Name><Prefix></Prefix><KeyCount>${keys.length}
</KeyCount><MaxKeys>1000</MaxKeys><IsTruncated>false</IsTruncated>${keys
  .map(
    (key) => `<Contents><Key>${key}</Key><LastModified>2024-01-01T00:00:00.000Z</LastModified>
<ETag>&quot;9e107d9d372bb6826bd81d3542a419d6&quot;</ETag><Size>3</Size>
<StorageClass>STANDARD</StorageClass></Contents>`,
  )
  .join("")}</ListBucketResult>`;
const tagging = `<Tagging ${space}><TagSet>${tag("run", "007")}${tag("done", "true")}</TagSet></Tagging>`;
const server = createServer((request, response) => {
  response.setHeader("content-type", "application/xml");
  const body = new URL(request.url, "http://s3").searchParams.has("tagging") ? tagging : listing;
  response.end(`<?xml version="1.0" encoding="UTF-8"?>\n${body}`);
});
await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
const { port } = server.address();

const minio = new Client({
  endPoint: "127.0.0.1",
  port,
  useSSL: false,
  accessKey: "key",
  secretKey: "secret",
  region: "us-east-1",
});
const namesOf = async (stream) => {
  const names = [];
  for await (const { name } of stream) names.push(name);
  return names;
};
const sdk = new S3Client({
  endpoint: `http://127.0.0.1:${port}`,
  forcePathStyle: true,
  region: "us-east-1",
  credentials: { accessKeyId: "key", secretAccessKey: "secret" },
});
const answer = await sdk.send(new ListObjectsV2Command({ Bucket: "data" }));
const seen = {
  "AWS SDK": answer.Contents.map(({ Key }) => Key),
  "minio listObjectsV2": await namesOf(minio.listObjectsV2("data", "", true)),
  "minio listObjects": await namesOf(minio.listObjects("data", "", true)),
  "minio getObjectTagging": (await minio.getObjectTagging("data", "b7")).map(({ Value }) => Value),
};
server.close();
server.closeAllConnections();
const expected = {
  "AWS SDK": keys,
  "minio listObjectsV2": ["7", "16", "a", "b7"],
  "minio listObjects": ["007", "0x10", "a", "b7"],
  "minio getObjectTagging": [7, true],
};
for (const [who, what] of Object.entries(seen)) console.log(`${who}:`, JSON.stringify(what));
const same = JSON.stringify(seen) === JSON.stringify(expected);
console.log(same ? "as described" : "the behaviour changed");
process.exit(same ? 0 : 1);
JS
node run.mjs
