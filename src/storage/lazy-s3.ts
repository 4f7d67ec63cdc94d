import { setImmediate as nextTurn } from "node:timers/promises";
import { awaitedLater } from "../core/awaited-later.ts";
import type { Store } from "../ports/store.ts";

/**
 * Objects in an S3 bucket, for a function: the client, most of a cold start, loads while its
 * environment asks for the first event, and signs with what Lambda put into the environment.
 */
export function lazyS3Store(bucket: string): Store {
  const opening = awaitedLater(open(bucket));
  return {
    read: async (key) => (await opening).read(key),
    async write(key, bytes) {
      const copy = new Uint8Array(bytes);
      return (await opening).write(key, copy);
    },
    async writeOnce(key, bytes) {
      const copy = new Uint8Array(bytes);
      return (await opening).writeOnce(key, copy);
    },
    list: async (prefix) => (await opening).list(prefix),
    remove: async (key) => (await opening).remove(key),
    removeAll: async (keys) => (await opening).removeAll?.(keys),
  };
}

async function open(bucket: string): Promise<Store> {
  // Lambda's runtime asks for the first event in the turn that ends the function's own load.
  await nextTurn();
  const { s3Client, s3Store } = await import("./s3.ts");
  return s3Store({ bucket, client: s3Client(environmentCredentials()) });
}

/** Spares the client its search through files and services; nothing where there are none. */
function environmentCredentials() {
  const { AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN } = process.env;
  if (AWS_ACCESS_KEY_ID === undefined || AWS_SECRET_ACCESS_KEY === undefined) return {};
  const credentials = {
    accessKeyId: AWS_ACCESS_KEY_ID,
    secretAccessKey: AWS_SECRET_ACCESS_KEY,
    ...(AWS_SESSION_TOKEN !== undefined && { sessionToken: AWS_SESSION_TOKEN }),
  };
  return { credentials };
}
