import { statSync } from "node:fs";
import { join } from "node:path";
import { S3Client } from "@aws-sdk/client-s3";
import { afterAll, expect, test } from "vitest";
import { startEmulator } from "../../src/emulator/emulator.ts";
import type { Emulator } from "../../src/emulator/users.ts";
import { accessTo } from "../../src/platform/local/s3-access.ts";
import { createBucket } from "../../src/storage/s3.ts";
import { refusal } from "./refusal.ts";
import { temporaryFolder } from "./s3-listener.ts";

const folder = temporaryFolder();
const open: S3Client[] = [];
afterAll(() => {
  for (const one of open) one.destroy();
  folder.remove();
});

test("a home has keys of its own that stay the same, and no other home knows them", async () => {
  const homes = ["one", "two"].map((name) => join(folder.path, name));
  const start = async (home: string, work: (emulator: Emulator) => Promise<void>) => {
    const emulator = await startEmulator({ home, functions: {} });
    await work(emulator).finally(emulator.close);
    return accessTo(emulator.environment).s3.credentials;
  };
  const first = await start(homes[0]!, async ({ environment }) => {
    const client = new S3Client({ ...accessTo(environment).s3, forcePathStyle: true });
    open.push(client);
    await createBucket(client, "kofn");
  });
  expect(await start(homes[0]!, async () => {})).toEqual(first);
  expect(statSync(join(homes[0]!, "keys.json")).mode & 0o077).toBe(0);
  const second = await start(homes[1]!, async ({ endpoints }) => {
    const client = new S3Client({
      ...{ endpoint: endpoints.s3, region: "us-east-1", credentials: first, forcePathStyle: true },
    });
    open.push(client);
    expect(await refusal(createBucket(client, "kofn"))).toEqual([403, "InvalidAccessKeyId"]);
  });
  expect(second.accessKeyId).not.toBe(first.accessKeyId);
});
