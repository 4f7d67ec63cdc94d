import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  CreateBucketCommand,
  GetObjectCommand,
  PutObjectCommand,
  S3Client,
} from "@aws-sdk/client-s3";
import { afterEach, expect, it } from "vitest";
import { startEmulator } from "../../src/emulator/emulator.ts";

const home = mkdtempSync(join(tmpdir(), "kofn-removed-"));
afterEach(() => rmSync(home, { recursive: true, force: true }));

it("an object whose file somebody removed is refused, not looked for without end", async () => {
  const emulator = await startEmulator({ home, functions: {} });
  const { environment } = emulator;
  const client = new S3Client({
    endpoint: emulator.endpoints.s3,
    region: environment.AWS_REGION!,
    forcePathStyle: true,
    maxAttempts: 1,
    credentials: {
      accessKeyId: environment.AWS_ACCESS_KEY_ID!,
      secretAccessKey: environment.AWS_SECRET_ACCESS_KEY!,
    },
  });
  try {
    const where = { Bucket: "kofn", Key: "a" };
    await client.send(new CreateBucketCommand({ Bucket: "kofn" }));
    await client.send(new PutObjectCommand({ ...where, Body: "x" }));
    const objects = join(home, "s3/buckets/kofn/objects");
    for (const name of readdirSync(objects)) rmSync(join(objects, name));
    await expect(client.send(new GetObjectCommand(where))).rejects.toThrow("bucket does not exist");
  } finally {
    client.destroy();
    await emulator.close();
  }
});
