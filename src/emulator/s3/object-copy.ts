import { createHash } from "node:crypto";
import { hasher, requiredChecksumName } from "./checksums.ts";
import { copyCondition, writeCondition } from "./conditions.ts";
import { readPieces } from "./object-file.ts";
import { store } from "./object-put.ts";
import type { S3Context, S3Operation } from "./operation.ts";
import { quoted } from "./reply.ts";
import { checkRequestKey, keptHeaders, type S3Request } from "./request.ts";
import { invalidArgument, S3Error } from "./s3-error.ts";
import { toXml } from "./xml.ts";

/** CopyObject: bytes and, unless replaced, headers of another object. */
export const copyObject: S3Operation = async (context, request) => {
  const bucket = context.root.bucket(request.bucket);
  const condition = writeCondition(request.header);
  const replaces = request.header("x-amz-metadata-directive")?.toUpperCase() === "REPLACE";
  const source = await openCopySource(context, request);
  try {
    if (source.bucket === request.bucket && source.facts.key === request.key && !replaces)
      throw new S3Error(400, "InvalidRequest", "A copy onto itself must change its metadata.");
    copyCondition(request.header, source.facts);
    const algorithm = request.header("x-amz-checksum-algorithm");
    const name = algorithm === undefined ? undefined : requiredChecksumName(algorithm);
    const hash = name === undefined ? undefined : hasher(name);
    const md5 = createHash("md5");
    async function* bytes() {
      for await (const piece of readPieces(source.file, 0, source.facts.size)) {
        md5.update(piece);
        hash?.update(piece);
        yield piece;
      }
    }
    const facts = await store(context, bucket, bytes(), condition, () => {
      const { checksum: kept, headers, size } = source.facts;
      const fresh =
        name === undefined || hash === undefined
          ? kept
          : { name, base64: hash.base64(), type: "FULL_OBJECT" as const };
      return {
        key: request.key,
        size,
        etag: md5.digest("hex"),
        modifiedMs: Date.now(),
        headers: replaces ? keptHeaders(request) : headers,
        ...(fresh && { checksum: fresh }),
      };
    });
    const xml = toXml("CopyObjectResult", {
      ETag: quoted(facts.etag),
      LastModified: new Date(facts.modifiedMs).toISOString(),
    });
    return { status: 200, xml };
  } finally {
    await source.file.close();
  }
};

/** The object `x-amz-copy-source` names: `bucket/key` or `/bucket/key`, percent-encoded. */
export async function openCopySource(context: S3Context, request: S3Request) {
  const header = request.header("x-amz-copy-source") ?? "";
  let path: string;
  try {
    path = decodeURIComponent(header.replace(/\?versionId=.*$/, ""));
  } catch {
    throw invalidArgument("The copy source is not percent-encoded UTF-8.");
  }
  const match = /^\/?([^/]+)\/(.+)$/s.exec(path);
  if (match === null) throw invalidArgument("The copy source must be bucket/key.");
  const [, bucket, key] = match as unknown as [string, string, string];
  checkRequestKey(key);
  return { bucket, ...(await context.root.bucket(bucket).open(key)) };
}
