import { GetObjectCommand, HeadObjectCommand, type S3Client } from "@aws-sdk/client-s3";
import { messageOf, RunError } from "../core/errors.ts";
import { isPattern, splitPattern, tableFiles } from "../data/sources/file-pattern.ts";
import type { Source, SourceFile } from "../data/sources/source.ts";
import { isBrokenBody, retryingReads, s3Client, s3Store } from "./s3.ts";

const breaksMax = 20;

/** An object at `s3://bucket/key`, by the ordinary AWS credentials. Throws `RunError`. */
export async function openS3(address: string, client: S3Client = s3Client()): Promise<Source> {
  const parts = /^s3:\/\/([^/]+)\/(.+)$/.exec(address);
  if (parts === null) {
    throw new RunError("bad-address", `${address}: expected s3://bucket/key`, {
      hint: "name the bucket and the object's whole key",
    });
  }
  const at = { Bucket: parts[1]!, Key: parts[2]! };
  const head = await client.send(new HeadObjectCommand(at)).catch((cause: unknown) => {
    throw new RunError("unreadable-object", `${address}: ${messageOf(cause)}`, {
      hint: "check bucket, key, region and credentials (AWS_PROFILE, AWS_REGION; s3:GetObject)",
      cause,
    });
  });
  const sizeBytes = head.ContentLength ?? 0;
  // The whole object must be the one that was named, also when it is replaced while it is read.
  const same = head.ETag === undefined ? at : { ...at, IfMatch: head.ETag };
  return {
    name: address,
    sizeBytes,
    identity: async () => `${address} ${head.ETag ?? ""} ${sizeBytes}`,
    bytes: () => inOnePiece(client, same, sizeBytes),
    async range(from, to) {
      if (to <= from) return new Uint8Array(0);
      const get = { ...same, Range: `bytes=${from}-${to - 1}` };
      return retryingReads(async () => {
        const { Body } = await client.send(new GetObjectCommand(get));
        return Body === undefined ? new Uint8Array(0) : Body.transformToByteArray();
      });
    },
  };
}

/**
 * The objects that an address stands for: itself, or those below a prefix that ends in a slash, or
 * of a pattern such as `s3://bucket/rows/part-*.csv`. Throws `RunError` where there are none.
 */
export async function listS3(
  address: string,
  client: S3Client = s3Client(),
): Promise<readonly SourceFile[]> {
  if (!address.endsWith("/") && !isPattern(address)) return [{ source: address, partition: {} }];
  const { base, rest } = isPattern(address)
    ? splitPattern(address)
    : { base: address.slice(0, -1), rest: null };
  const [, bucket = "", folder = ""] = /^s3:\/\/([^/]+)\/?(.*)$/.exec(base) ?? [];
  const prefix = folder === "" ? "" : `${folder}/`;
  const store = s3Store({ bucket, client });
  const keys = await store.list(prefix).catch((cause: unknown) => {
    throw cause instanceof RunError ? cause : unlistable(address, cause);
  });
  const below = keys.filter((key) => !key.endsWith("/")).map((key) => key.slice(prefix.length));
  const files = tableFiles(below, rest);
  if (files.length > 0)
    return files.map(({ path, partition }) => ({ source: `${base}/${path}`, partition }));
  throw new RunError("unreadable-object", `${address}: no object is there`, {
    hint: "keys whose last parts begin with _ or . do not count; end a prefix in a slash",
  });
}

function unlistable(address: string, cause: unknown): RunError {
  return new RunError("unreadable-object", `${address}: ${messageOf(cause)}`, {
    hint: "check bucket, region and credentials (AWS_PROFILE, AWS_REGION; s3:ListBucket)",
    cause,
  });
}

/** An object's bytes; where the connection breaks, a new one goes on behind what has come. */
async function* inOnePiece(
  client: S3Client,
  at: { readonly Bucket: string; readonly Key: string },
  sizeBytes: number,
): AsyncGenerator<Uint8Array> {
  let come = 0;
  for (let breaks = 0; ; breaks++) {
    const Range = come === 0 ? {} : { Range: `bytes=${come}-` };
    try {
      const { Body } = await client.send(new GetObjectCommand({ ...at, ...Range }));
      for await (const chunk of Body as AsyncIterable<Uint8Array>) {
        come += chunk.length;
        yield chunk;
      }
      return;
    } catch (thrown) {
      if (!isBrokenBody(thrown) || breaks === breaksMax) throw thrown;
      if (come === sizeBytes) return;
    }
  }
}
