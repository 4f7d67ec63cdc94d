import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { makeOwnFolder, ownFile } from "../../core/own-files.ts";
import { startEmulator } from "../../emulator/emulator.ts";
import type { Store } from "../../ports/store.ts";
import { createBucket, hasBucket, s3Client, s3Store } from "../../storage/s3.ts";
import { homePath } from "./paths.ts";

export const bucket = "kofn";

/** The local store, always over S3's wire API. */
export interface RunHome {
  readonly path: string;
  readonly access: Access;
  readonly store: Store;
  /** Another process serves the store: a run is going on there. */
  readonly isLive: boolean;
  close(): Promise<void>;
}

/** Opens the store for reading: through the process that serves it, or by serving it here. */
export async function openHome(path: string = homePath()): Promise<RunHome> {
  const served = await announced(path);
  if (served !== null) {
    const access = accessTo(served);
    return { path, access, store: storeAt(access), isLive: true, close: async () => {} };
  }
  const emulator = await startEmulator({ home: path, functions: {} });
  const access = accessTo(emulator.environment);
  const close = await announce(path, emulator.environment);
  return {
    path,
    access,
    store: await ensureBucket(access),
    isLive: false,
    async close() {
      await close();
      await emulator.close();
    },
  };
}

/** Whether another process, or this one, serves this home. */
export async function isServed(path: string): Promise<boolean> {
  return (await announced(path)) !== null;
}

/** Publishes the store's address to other processes of this home. Returns how to withdraw it. */
export async function announce(
  path: string,
  environment: Readonly<Record<string, string>>,
): Promise<() => Promise<void>> {
  const file = join(path, "emulator.json");
  makeOwnFolder(path);
  // A file that is there keeps its mode.
  await rm(file, { force: true });
  await writeFile(file, JSON.stringify({ pid: process.pid, environment }), { mode: ownFile });
  return () => rm(file, { force: true });
}

/** Client settings for an emulator that leave this process's own AWS settings alone. */
export interface Access {
  readonly s3: { readonly endpoint: string } & Identity;
  readonly lambda: { readonly endpoint: string } & Identity;
}

interface Identity {
  readonly region: string;
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
}

export function accessTo(environment: Readonly<Record<string, string>>): Access {
  const identity = {
    region: environment.AWS_REGION ?? "",
    credentials: {
      accessKeyId: environment.AWS_ACCESS_KEY_ID ?? "",
      secretAccessKey: environment.AWS_SECRET_ACCESS_KEY ?? "",
    },
  };
  return {
    s3: { endpoint: environment.AWS_ENDPOINT_URL_S3 ?? "", ...identity },
    lambda: { endpoint: environment.AWS_ENDPOINT_URL_LAMBDA ?? "", ...identity },
  };
}

export function storeAt({ s3 }: Pick<Access, "s3">): Store {
  return s3Store({ bucket, client: s3Client(s3) });
}

export async function ensureBucket(access: Access): Promise<Store> {
  const client = s3Client(access.s3);
  await createBucket(client, bucket);
  return s3Store({ bucket, client });
}

/** The environment of the emulator that serves this home, or null where none does. */
async function announced(path: string): Promise<Record<string, string> | null> {
  try {
    const text = await readFile(join(path, "emulator.json"), "utf8");
    const { environment } = JSON.parse(text) as { environment: Record<string, string> };
    const client = s3Client({ ...accessTo(environment).s3, maxAttempts: 1 });
    try {
      // Signed by the home's own keys: another home's server on this port is not taken for it.
      const isThere = await hasBucket(client, bucket, AbortSignal.timeout(2_000));
      return isThere ? environment : null;
    } finally {
      client.destroy();
    }
  } catch {
    // An absent or damaged file, or one of a killed process: nobody serves the home.
    return null;
  }
}
