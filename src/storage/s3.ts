import { setTimeout as sleep } from "node:timers/promises";
import {
  BucketAlreadyOwnedByYou,
  CreateBucketCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  NoSuchKey,
  NotFound,
  PutObjectCommand,
  S3Client,
  type S3ClientConfig,
  S3ServiceException,
} from "@aws-sdk/client-s3";
import { NodeHttpHandler } from "@smithy/node-http-handler";
import { freshId } from "../core/fresh-random.ts";
import { bounds } from "../limits.ts";
import type { Store } from "../ports/store.ts";
import { withFreshCredentials } from "../wire/fresh-credentials.ts";
import { checkKey } from "./keys.ts";
import { namingLostBucket } from "./lost-bucket.ts";
import { putInParts } from "./s3-multipart.ts";

export interface S3StoreOptions {
  readonly bucket: string;
  /** Put before every key and taken off again; usually ends in a slash. */
  readonly prefix?: string;
  readonly client?: S3Client;
  /** Objects above this are sent in parts of this size. */
  readonly partBytes?: number;
}

const conflictAttemptsMax = 8;
const conflictPauseMs = 50;

/** A client that keeps connections, retries 5xx by itself, and lets many workers in at once. */
export function s3Client(config: S3ClientConfig = {}): S3Client {
  const client = new S3Client({
    maxAttempts: 5,
    requestHandler: new NodeHttpHandler({
      connectionTimeout: 5_000,
      requestTimeout: 300_000,
      httpAgent: { keepAlive: true, maxSockets: 256 },
      httpsAgent: { keepAlive: true, maxSockets: 256 },
    }),
    ...config,
  });
  return withFreshCredentials(client);
}

/** Keys that one request removes. */
const deletionsMax = 1_000;

/** Objects in an S3 bucket, or in anything that speaks its protocol. */
export function s3Store(options: S3StoreOptions): Store {
  return namingLostBucket(plainStore(options), options.bucket);
}

function plainStore(options: S3StoreOptions): Store {
  const { bucket, prefix = "", partBytes = bounds.objectPartBytes } = options;
  const client = options.client ?? s3Client();
  const at = (key: string) => {
    checkKey(key);
    return { Bucket: bucket, Key: prefix + key };
  };

  const put = async (key: string, content: Uint8Array, once: boolean): Promise<boolean> => {
    // The SDK reads a body more than once, the caller may use the array for something else.
    const bytes = new Uint8Array(content);
    // Says whose object it is: when a reply was lost, the retry meets our own first attempt.
    const writer = freshId();
    const more = { Metadata: { writer }, ...(once && { IfNoneMatch: "*" as const }) };
    const send = () =>
      bytes.length > partBytes
        ? putInParts(client, { ...at(key), ...more }, bytes, partBytes)
        : client.send(new PutObjectCommand({ ...at(key), ...more, Body: bytes }));
    for (let attempt = 1; ; attempt++) {
      try {
        await send();
        return true;
      } catch (thrown) {
        if (!(thrown instanceof S3ServiceException)) throw thrown;
        const conflict = thrown.name === "ConditionalRequestConflict";
        if (conflict && attempt < conflictAttemptsMax) {
          await sleep(Math.random() * conflictPauseMs * 2 ** attempt);
          continue;
        }
        if (!isTaken(thrown)) throw thrown;
        return (await writerOf(client, at(key))) === writer;
      }
    }
  };

  return {
    async read(key) {
      try {
        return await retryingReads(async () => {
          const { Body } = await client.send(new GetObjectCommand(at(key)));
          return Body === undefined ? new Uint8Array() : Body.transformToByteArray();
        });
      } catch (thrown) {
        if (thrown instanceof NoSuchKey) return null;
        throw thrown;
      }
    },
    write: async (key, bytes) => void (await put(key, bytes, false)),
    writeOnce: (key, bytes) => put(key, bytes, true),
    async list(wanted) {
      const keys = await listed(client, bucket, prefix + wanted);
      return keys.map((key) => key.slice(prefix.length));
    },
    remove: async (key) => void (await client.send(new DeleteObjectCommand(at(key)))),
    async removeAll(keys) {
      for (let from = 0; from < keys.length; from += deletionsMax)
        await removed(client, bucket, keys.slice(from, from + deletionsMax).map(at));
    },
  };
}

/** Throws by the first one's code where some could not be removed; the others are gone. */
async function removed(
  client: S3Client,
  bucket: string,
  objects: readonly { readonly Key: string }[],
): Promise<void> {
  const Objects = objects.map(({ Key }) => ({ Key }));
  const { Errors = [] } = await client.send(
    new DeleteObjectsCommand({ Bucket: bucket, Delete: { Objects, Quiet: true } }),
  );
  const [first] = Errors;
  if (first === undefined) return;
  const failure = new Error(
    `${Errors.length} of ${objects.length} objects were not removed, the first of them ` +
      `${first.Key}: ${first.Code}: ${first.Message}`,
  );
  throw Object.assign(failure, { name: first.Code ?? failure.name });
}

/**
 * Every key that begins with `prefix`, page by page. Throws rather than pass a part for the whole:
 * a page that says there is more must say where.
 */
async function listed(client: S3Client, bucket: string, prefix: string): Promise<string[]> {
  const keys: string[] = [];
  let token: string | undefined;
  do {
    const page = await client.send(
      new ListObjectsV2Command({
        Bucket: bucket,
        Prefix: prefix,
        EncodingType: "url",
        ...(token !== undefined && { ContinuationToken: token }),
      }),
    );
    for (const { Key } of page.Contents ?? []) if (Key !== undefined) keys.push(plainKey(Key));
    const next = page.IsTruncated === true ? page.NextContinuationToken : undefined;
    if (page.IsTruncated === true && (next === undefined || next === token))
      throw new Error(`the listing of ${bucket}/${prefix} broke off after ${keys.length} keys`);
    token = next;
  } while (token !== undefined);
  return keys;
}

/** Something is there already; or an upload of ours is over, which the object itself will tell. */
function isTaken({ name }: S3ServiceException): boolean {
  return name === "PreconditionFailed" || name === "NoSuchUpload";
}

async function writerOf(
  client: S3Client,
  at: { Bucket: string; Key: string },
): Promise<string | undefined> {
  try {
    return (await client.send(new HeadObjectCommand(at))).Metadata?.writer;
  } catch (thrown) {
    // Removed since: whoever wrote it, something was there.
    if (thrown instanceof NotFound) return undefined;
    throw thrown;
  }
}

function plainKey(encoded: string): string {
  return decodeURIComponent(encoded.replaceAll("+", " "));
}

/** Makes the bucket unless it is there. */
export async function createBucket(client: S3Client, bucket: string): Promise<void> {
  try {
    await client.send(new CreateBucketCommand({ Bucket: bucket }));
  } catch (thrown) {
    if (!(thrown instanceof BucketAlreadyOwnedByYou)) throw thrown;
  }
}

/** Whether the bucket is there and this client may ask. Throws where nobody answers. */
export async function hasBucket(
  client: S3Client,
  bucket: string,
  signal: AbortSignal,
): Promise<boolean> {
  try {
    await client.send(new HeadBucketCommand({ Bucket: bucket }), { abortSignal: signal });
    return true;
  } catch (thrown) {
    const { $metadata } = thrown as Partial<S3ServiceException>;
    if (thrown instanceof S3ServiceException && ($metadata?.httpStatusCode ?? 500) < 500)
      return false;
    throw thrown;
  }
}

const attemptsMax = 5;
const pauseMs = 20;

/**
 * Tries again where the connection breaks in the middle of a reply's body: the SDK does so only as
 * long as it has not handed the body over.
 */
export async function retryingReads<T>(read: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await read();
    } catch (thrown) {
      if (attempt === attemptsMax || !isBrokenBody(thrown)) throw thrown;
      await sleep(Math.random() * pauseMs * 2 ** attempt);
    }
  }
}

export function isBrokenBody(thrown: unknown): boolean {
  const { code = "", message = "" } = (thrown ?? {}) as { code?: string; message?: string };
  return /^(ECONNRESET|EPIPE|ERR_STREAM_PREMATURE_CLOSE)$/.test(code) || message === "aborted";
}
