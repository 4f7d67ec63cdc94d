import { setImmediate as nextTurn } from "node:timers/promises";
import { awaitedLater } from "../core/awaited-later.ts";
import type { Store } from "../ports/store.ts";
import { localReads } from "./s3-reads.ts";

/**
 * Objects in an S3 bucket, for a function: the client, most of a cold start, loads while its
 * environment asks for the first event, and signs with what Lambda put into the environment. Where
 * the bucket is on this machine, it loads with the first write, or the first read that fails.
 */
export function lazyS3Store(bucket: string): Store {
  const read = localReads(bucket, process.env);
  let opening = read === null ? awaitedLater(open(bucket)) : undefined;
  const opened = () => (opening ??= open(bucket));
  return {
    async read(key) {
      const found = large.test(key) ? undefined : await read?.(key);
      return found === undefined ? (await opened()).read(key) : found;
    },
    async write(key, bytes) {
      const copy = new Uint8Array(bytes);
      return (await opened()).write(key, copy);
    },
    async writeOnce(key, bytes) {
      const copy = new Uint8Array(bytes);
      return (await opened()).writeOnce(key, copy);
    },
    list: async (prefix) => (await opened()).list(prefix),
    remove: async (key) => (await opened()).remove(key),
    removeAll: async (keys) => (await opened()).removeAll?.(keys),
  };
}

/** Kinds of objects that are no shards in pieces: too large to be in memory twice while read. */
const large = /^(runs|networks)\//;

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
