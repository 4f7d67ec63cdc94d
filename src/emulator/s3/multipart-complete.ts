import { createHash } from "node:crypto";
import { open } from "node:fs/promises";
import {
  type Checksum,
  checksumElements,
  checksumNames,
  compositeChecksum,
  hasher,
} from "./checksums.ts";
import { writeCondition } from "./conditions.ts";
import { objectBytesMax, readSmallBody } from "./incoming.ts";
import { type ObjectFacts, readPieces } from "./object-file.ts";
import { store } from "./object-put.ts";
import type { S3Operation } from "./operation.ts";
import { quoted, type Reply } from "./reply.ts";
import type { S3Request } from "./request.ts";
import { S3Error } from "./s3-error.ts";
import { type RequestedPart, requestedParts, type Upload } from "./uploads.ts";
import { toXml } from "./xml.ts";

const partBytesMin = 5 * 1024 * 1024;
const bodyBytesMax = 4 * 1024 * 1024;

/** CompleteMultipartUpload: the named parts in a row become one object. */
export const completeMultipartUpload: S3Operation = async (context, request) => {
  const bucket = context.root.bucket(request.bucket);
  const condition = writeCondition(request.header, request.key);
  const id = request.query.get("uploadId") ?? "";
  const body = await readSmallBody(request, bodyBytesMax, context, "of the object");
  const earlier = bucket.uploads.outcomeOf(id, request.key);
  if (earlier !== undefined) return completed(request, earlier);
  const upload = bucket.uploads.find(id, request.key);
  const { checksum: planned, startedMs: _, ...attributes } = upload.plan;
  const parts = chosenParts(upload, requestedParts(body));
  condition(bucket.facts(request.key));
  const size = parts.reduce((total, { facts }) => total + facts.size, 0);
  checkSize(request, size);
  const isComposite = planned?.type === "COMPOSITE";
  const name = planned?.name ?? "crc64nvme";
  const whole = isComposite ? undefined : hasher(name);
  const checksum = (): Checksum =>
    whole === undefined
      ? compositeChecksum(
          name,
          parts.map(({ facts }) => facts.checksum!.base64),
        )
      : { name, base64: whole.base64(), type: "FULL_OBJECT" };
  const facts = await store(context, bucket, joined(parts, whole), condition, () => {
    const sum = checksum();
    checkWhole(request, sum);
    return {
      ...attributes,
      size,
      etag: joinedEtag(parts),
      modifiedMs: Date.now(),
      parts: parts.map(({ facts: part }) => ({
        size: part.size,
        ...(isComposite && { checksum: part.checksum!.base64 }),
      })),
      checksum: sum,
    };
  });
  bucket.uploads.finished(id, facts);
  await bucket.uploads.discard(upload);
  return completed(request, facts);
};

/** The size that the whole is said to have. */
function checkSize(request: S3Request, size: number): void {
  const said = request.header("x-amz-mp-object-size");
  if (said === undefined || said === String(size)) return;
  throw new S3Error(
    400,
    "InvalidRequest",
    `The provided 'x-amz-mp-object-size' header value ${said} does not match what was computed: ` +
      `${size}`,
  );
}

interface ChosenPart {
  readonly path: string;
  readonly facts: ObjectFacts;
}

function chosenParts(upload: Upload, requested: readonly RequestedPart[]): ChosenPart[] {
  let total = 0;
  const { checksum: planned } = upload.plan;
  return requested.map(({ number, etag, checksums }, place) => {
    const facts = upload.parts.get(number);
    const stored = facts?.checksum;
    const differs =
      stored !== undefined && (checksums[stored.name] ?? stored.base64) !== stored.base64;
    if (facts === undefined || facts.etag !== etag || differs)
      throw new S3Error(400, "InvalidPart", `Part ${number} was not found or does not match.`);
    if (planned?.type === "COMPOSITE" && checksums[planned.name] === undefined)
      throw new S3Error(
        400,
        "InvalidRequest",
        `The upload was created using a ${planned.name} checksum. The complete request must ` +
          `include the checksum for each part. It was missing for part ${number} in the request.`,
      );
    if (facts.size < partBytesMin && place < requested.length - 1)
      throw new S3Error(400, "EntityTooSmall", `Part ${number} is smaller than 5 MiB.`);
    total += facts.size;
    if (total > objectBytesMax)
      throw new S3Error(400, "EntityTooLarge", "The parts exceed the maximum of 5 GiB.");
    return { path: upload.partPath(number), facts };
  });
}

/** A part that is replaced meanwhile shows by its MD5, and the completion fails. */
async function* joined(
  parts: readonly ChosenPart[],
  whole: { update(bytes: Uint8Array): void } | undefined,
): AsyncGenerator<Buffer> {
  for (const { path, facts } of parts) {
    const md5 = createHash("md5");
    const file = await open(path, "r");
    try {
      for await (const piece of readPieces(file, 0, facts.size)) {
        md5.update(piece);
        whole?.update(piece);
        yield piece;
      }
    } finally {
      await file.close();
    }
    if (md5.digest("hex") !== facts.etag)
      throw new S3Error(400, "InvalidPart", "A part was replaced while the upload completed.");
  }
}

function joinedEtag(parts: readonly ChosenPart[]): string {
  const md5 = createHash("md5");
  for (const { facts } of parts) md5.update(Buffer.from(facts.etag, "hex"));
  return `${md5.digest("hex")}-${parts.length}`;
}

/** The completion may name the whole object's checksum, with or without the number of parts. */
function checkWhole(request: S3Request, { name, base64 }: Checksum): void {
  for (const other of checksumNames) {
    const wanted = request.header(`x-amz-checksum-${other}`);
    if (wanted === undefined) continue;
    const isSame = wanted === base64 || wanted === base64.replace(/-\d+$/, "");
    if (other === name && isSame) continue;
    throw new S3Error(400, "BadDigest", `The ${other} you specified did not match the parts'.`);
  }
}

function completed(request: S3Request, facts: ObjectFacts): Reply {
  const xml = toXml("CompleteMultipartUploadResult", {
    Location: request.path,
    Bucket: request.bucket,
    Key: request.key,
    ETag: quoted(facts.etag),
    ...(facts.checksum && checksumElements(facts.checksum)),
  });
  return { status: 200, xml };
}
