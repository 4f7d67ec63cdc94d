import { randomBytes } from "node:crypto";
import type { S3Client } from "@aws-sdk/client-s3";
import { afterAll, beforeAll } from "vitest";
import { s3Client } from "../../src/storage/s3.ts";
import { type Listening, listen, temporaryFolder, testKeys } from "../emulator/s3-listener.ts";
import { s3Conformance } from "./s3.ts";

/** An address, or `aws` for the account the environment names; nothing means the local server. */
const target = process.env.KOFN_CONFORMANCE_S3;
const folder = temporaryFolder();
let local: Listening | undefined;
let client: S3Client;

beforeAll(async () => {
  if (target === undefined) local = await listen({ root: folder.path });
  const endpoint = local?.endpoint ?? target!;
  client =
    target === "aws"
      ? s3Client()
      : s3Client({
          endpoint,
          region: "us-east-1",
          forcePathStyle: true,
          // MinIO takes no secret that is shorter.
          credentials: local ? testKeys : { ...testKeys, secretAccessKey: "local-secret" },
        });
});

afterAll(async () => {
  client.destroy();
  await local?.close();
  folder.remove();
});

s3Conformance(`S3 at ${target ?? "the local server"}`, {
  client: () => client,
  bucket: `kofn-conformance-${randomBytes(6).toString("hex")}`,
});
