import { rm } from "node:fs/promises";
import { attributesOf } from "./attributes.ts";
import { type Checksum, type ChecksumName, requiredChecksumName } from "./checksums.ts";
import { incoming } from "./incoming.ts";
import { type ObjectFacts, writeObjectFile } from "./object-file.ts";
import type { S3Context, S3Operation } from "./operation.ts";
import { checksumHeaders, quoted } from "./reply.ts";
import { integerIn, type S3Request } from "./request.ts";
import { invalidArgument, S3Error } from "./s3-error.ts";
import type { Upload } from "./uploads.ts";
import { toXml } from "./xml.ts";

const partsMax = 10_000;

/** CreateMultipartUpload. */
export const createMultipartUpload: S3Operation = (context, request) => {
  const bucket = context.root.bucket(request.bucket);
  const algorithm = request.header("x-amz-checksum-algorithm");
  const name = algorithm === undefined ? undefined : requiredChecksumName(algorithm);
  const type = checksumType(request, name);
  const { id } = bucket.uploads.begin({
    key: request.key,
    ...attributesOf(request),
    startedMs: Date.now(),
    ...(name && { checksum: { name, type } }),
  });
  const xml = toXml("InitiateMultipartUploadResult", {
    Bucket: request.bucket,
    Key: request.key,
    UploadId: id,
  });
  const chosen = { "x-amz-checksum-algorithm": name?.toUpperCase(), "x-amz-checksum-type": type };
  return { status: 200, headers: name ? (chosen as Record<string, string>) : {}, xml };
};

/** UploadPart; a part sent again replaces the earlier one. */
export const uploadPart: S3Operation = async (context, request) => {
  const { checksum } = findUpload(context, request).plan;
  const body = incoming(request, context, checksum?.name);
  const facts = await putPart(context, request, body);
  return { status: 200, headers: { etag: quoted(facts.etag), ...partChecksum(facts) } };
};

/** The bytes of a part, and what is known of them once all have come. */
export interface PartBody {
  readonly bytes: AsyncIterable<Buffer>;
  facts(): { readonly size: number; readonly md5: string; readonly checksum?: Checksum };
}

/** Writes the bytes of a part and puts it into its upload. */
export async function putPart(
  context: S3Context,
  request: S3Request,
  body: PartBody,
): Promise<ObjectFacts> {
  const { uploads } = context.root.bucket(request.bucket);
  const upload = findUpload(context, request);
  const number = integerIn(request.query, "partNumber", { min: 1, max: partsMax, fallback: 0 });
  if (number === 0) throw invalidArgument("partNumber is missing.");
  const path = context.root.temporaryPath();
  const factsAfter = (): ObjectFacts => {
    const { size, md5, checksum } = body.facts();
    const planned = upload.plan.checksum?.name;
    if (planned !== undefined && checksum !== undefined && checksum.name !== planned)
      throw new S3Error(
        400,
        "InvalidRequest",
        `Checksum Type mismatch occurred, expected checksum Type: ${planned}, actual checksum ` +
          `Type: ${checksum.name}`,
      );
    const base = { key: upload.id, size, etag: md5, modifiedMs: Date.now(), headers: {} };
    return { ...base, ...(checksum && { checksum }) };
  };
  const facts = await writeObjectFile(path, body.bytes, factsAfter, context.fsync);
  try {
    uploads.publishPart(upload, number, path, facts);
  } catch (thrown) {
    await rm(path, { force: true });
    throw thrown;
  }
  return facts;
}

export function findUpload(context: S3Context, request: S3Request): Upload {
  const { uploads } = context.root.bucket(request.bucket);
  return uploads.find(request.query.get("uploadId") ?? "", request.key);
}

/** AbortMultipartUpload. */
export const abortMultipartUpload: S3Operation = async (context, request) => {
  const { uploads } = context.root.bucket(request.bucket);
  await uploads.discard(uploads.find(request.query.get("uploadId") ?? "", request.key));
  return { status: 204 };
};

function checksumType(request: S3Request, name: ChecksumName | undefined): Checksum["type"] {
  const type = request.header("x-amz-checksum-type")?.toUpperCase();
  const usual = name === "crc64nvme" ? "FULL_OBJECT" : "COMPOSITE";
  if (type === undefined) return usual;
  if (type !== "FULL_OBJECT" && type !== "COMPOSITE")
    throw invalidArgument(`Unknown checksum type ${type}.`);
  if (name === undefined)
    throw new S3Error(
      400,
      "InvalidRequest",
      "The x-amz-checksum-type header can only be used with the x-amz-checksum-algorithm header.",
    );
  const isPossible = type === "FULL_OBJECT" ? name.startsWith("crc") : name !== "crc64nvme";
  if (isPossible) return type;
  throw new S3Error(
    400,
    "InvalidRequest",
    `The ${type} checksum type cannot be used with the ${name} checksum algorithm.`,
  );
}

function partChecksum(facts: ObjectFacts): Record<string, string> {
  const { "x-amz-checksum-type": _, ...headers } = checksumHeaders(facts);
  return headers;
}
