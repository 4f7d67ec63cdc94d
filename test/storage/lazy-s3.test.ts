import { afterAll, expect, test, vi } from "vitest";
import { lazyS3Store } from "../../src/storage/lazy-s3.ts";
import { createBucket, s3Client } from "../../src/storage/s3.ts";
import { listen, temporaryFolder } from "../emulator/s3-listener.ts";

const folder = temporaryFolder();
afterAll(() => {
  vi.unstubAllEnvs();
  folder.remove();
});

test("a store is used before its client has loaded, and keeps what was handed to it", async () => {
  const server = await listen({ root: folder.path });
  vi.stubEnv("AWS_ENDPOINT_URL_S3", server.endpoint);
  vi.stubEnv("AWS_REGION", "us-east-1");
  vi.stubEnv("AWS_ACCESS_KEY_ID", "local");
  vi.stubEnv("AWS_SECRET_ACCESS_KEY", "local");
  const client = s3Client({ forcePathStyle: true });
  await createBucket(client, "later");
  client.destroy();
  const store = lazyS3Store("later");
  const bytes = Uint8Array.of(1, 2, 3);
  const writing = [store.write("a", bytes), store.writeOnce("b", bytes)];
  bytes.fill(9);
  await Promise.all(writing);
  expect(await store.read("a")).toEqual(Uint8Array.of(1, 2, 3));
  expect(await store.read("b")).toEqual(Uint8Array.of(1, 2, 3));
  expect(await store.writeOnce("b", bytes)).toBe(false);
  expect(await store.list("")).toEqual(["a", "b"]);
  await store.remove("a");
  expect(await store.read("a")).toBeNull();
  await server.close();
});
