import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CreateBucketCommand } from "@aws-sdk/client-s3";
import { type Identities, ownerWith } from "../../src/emulator/iam/identity.ts";
import { createS3, type S3Options, type S3Server } from "../../src/emulator/s3/server.ts";
import { s3Client } from "../../src/storage/s3.ts";

/** What tests sign with, as the owner. */
export const testKeys = { accessKeyId: "local", secretAccessKey: "local" };
export const testIdentities: Identities = new Map([["local", ownerWith(testKeys)]]);

export interface Listening {
  readonly endpoint: string;
  readonly port: number;
  readonly s3: S3Server;
  close(): Promise<void>;
}

/**
 * The local S3 behind a listener of its own, on a free port of this machine; to whoever signs with
 * `testKeys`, if it is not told otherwise.
 */
export async function listen(options: S3Options): Promise<Listening> {
  const s3 = createS3({ identities: testIdentities, ...options });
  const failures: unknown[] = [];
  const server = createServer((message, response) => {
    s3.handle(message, response).catch((thrown: unknown) => {
      failures.push(thrown);
      response.destroy();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    endpoint: `http://127.0.0.1:${port}`,
    port,
    s3,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await s3.close();
      if (failures.length > 0) throw new AggregateError(failures, "handle() rejected");
    },
  };
}

/** A bucket of the local S3 for a file's tests, and the owner's client; `close` ends all of it. */
export async function listenWithBucket(Bucket: string) {
  const folder = temporaryFolder();
  const served = await listen({ root: folder.path });
  const { endpoint } = served;
  const more = { region: "us-east-1", credentials: testKeys, maxAttempts: 1 };
  const client = s3Client({ endpoint, ...more });
  await client.send(new CreateBucketCommand({ Bucket }));
  return {
    client,
    served,
    async close() {
      client.destroy();
      await served.close();
      folder.remove();
    },
  };
}

/** A folder that goes away with the test. */
export function temporaryFolder(): { path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), "kofn-s3-"));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}
