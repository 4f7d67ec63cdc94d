import { open, rm } from "node:fs/promises";
import { attributesOf } from "./attributes.ts";
import type { Bucket } from "./bucket.ts";
import { type WriteCondition, writeCondition } from "./conditions.ts";
import { incoming } from "./incoming.ts";
import { type ObjectFacts, writeObjectFile } from "./object-file.ts";
import type { S3Context, S3Operation } from "./operation.ts";
import { checksumHeaders, quoted } from "./reply.ts";

/** PutObject: streams to a temporary file, then publishes it where the condition still holds. */
export const putObject: S3Operation = async (context, request) => {
  const bucket = context.root.bucket(request.bucket);
  const condition = writeCondition(request.header, request.key);
  // Asked before the body as well, so that a lost race does not cost an upload.
  condition(bucket.facts(request.key));
  const attributes = attributesOf(request);
  const body = incoming(request, context, "crc64nvme");
  const facts = await store(context, bucket, body.bytes, condition, () => {
    const { size, md5, checksum } = body.facts();
    return {
      key: request.key,
      size,
      etag: md5,
      modifiedMs: Date.now(),
      ...attributes,
      ...(checksum && { checksum }),
    };
  });
  return { status: 200, headers: { etag: quoted(facts.etag), ...checksumHeaders(facts) } };
};

/** Writes a body aside and publishes it as an object; nothing of it stays after a failure. */
export async function store(
  context: S3Context,
  bucket: Bucket,
  body: AsyncIterable<Uint8Array>,
  condition: WriteCondition,
  factsAfter: () => ObjectFacts,
): Promise<ObjectFacts> {
  const path = context.root.temporaryPath();
  const facts = await writeObjectFile(path, body, factsAfter, context.fsync);
  try {
    bucket.publish(path, facts, condition);
  } catch (thrown) {
    await rm(path, { force: true });
    throw thrown;
  }
  if (context.fsync) await syncFolder(bucket.objectsPath);
  return facts;
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, "r");
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
