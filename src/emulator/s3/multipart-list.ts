import { compareUtf8 } from "../../core/text.ts";
import { encodingOf } from "./list.ts";
import type { S3Context, S3Operation } from "./operation.ts";
import { owner, quoted } from "./reply.ts";
import { integerIn, type S3Request } from "./request.ts";
import type { Upload } from "./uploads.ts";
import { toXml } from "./xml.ts";

const pageMax = 1_000;

/** ListParts, in the order of their numbers. */
export const listParts: S3Operation = (context: S3Context, request: S3Request) => {
  const { query } = request;
  const { uploads } = context.root.bucket(request.bucket);
  const upload = uploads.find(query.get("uploadId") ?? "", request.key);
  const { encoding, shown } = encodingOf(query);
  const maxParts = integerIn(query, "max-parts", { min: 0, max: 2 ** 31 - 1, fallback: pageMax });
  const marker = integerIn(query, "part-number-marker", { min: 0, max: 2 ** 31, fallback: 0 });
  const after = [...upload.parts].filter(([number]) => number > marker).sort(([a], [b]) => a - b);
  const page = after.slice(0, Math.min(pageMax, maxParts));
  const { checksum } = upload.plan;
  const xml = toXml("ListPartsResult", {
    Bucket: request.bucket,
    Key: shown(request.key),
    UploadId: upload.id,
    PartNumberMarker: marker,
    NextPartNumberMarker: page.at(-1)?.[0] ?? 0,
    MaxParts: maxParts,
    IsTruncated: page.length < after.length,
    EncodingType: encoding,
    Initiator: owner,
    Owner: owner,
    StorageClass: upload.plan.storageClass ?? "STANDARD",
    ...(checksum !== undefined && {
      ChecksumAlgorithm: checksum.name.toUpperCase(),
      ChecksumType: checksum.type,
    }),
    Part: page.map(([number, facts]) => ({
      PartNumber: number,
      LastModified: new Date(facts.modifiedMs).toISOString(),
      ETag: quoted(facts.etag),
      Size: facts.size,
      ...(facts.checksum && {
        [`Checksum${facts.checksum.name.toUpperCase()}`]: facts.checksum.base64,
      }),
    })),
  });
  return { status: 200, xml };
};

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListMultipartUploads.html */
export const listMultipartUploads: S3Operation = (context, request) => {
  const { query } = request;
  const { encoding, shown } = encodingOf(query);
  const max = integerIn(query, "max-uploads", { min: 1, max: 2 ** 31 - 1, fallback: pageMax });
  const prefix = query.get("prefix") ?? "";
  const delimiter = query.get("delimiter") ?? "";
  const keyMarker = query.get("key-marker") ?? "";
  const idMarker = keyMarker === "" ? "" : (query.get("upload-id-marker") ?? "");
  const all = inOrder(context.root.bucket(request.bucket).uploads.all());
  const place = idMarker === "" ? -1 : all.findIndex(({ id }) => id === idMarker);
  const rest = place >= 0 ? all.slice(place + 1) : all.filter(isAfterMarker(keyMarker));
  const page: Upload[] = [];
  const folders = new Set<string>();
  let isTruncated = false;
  let last: Upload | undefined;
  for (const upload of rest) {
    const { key } = upload.plan;
    if (!key.startsWith(prefix)) continue;
    const cut = delimiter === "" ? -1 : key.indexOf(delimiter, prefix.length);
    const folder = cut < 0 ? undefined : key.slice(0, cut + delimiter.length);
    isTruncated = page.length + folders.size >= Math.min(max, pageMax);
    if (folder !== undefined && folders.has(folder)) isTruncated = false;
    if (isTruncated) break;
    last = upload;
    if (folder === undefined) page.push(upload);
    else folders.add(folder);
  }
  const xml = toXml("ListMultipartUploadsResult", {
    Bucket: request.bucket,
    KeyMarker: shown(keyMarker),
    UploadIdMarker: idMarker,
    NextKeyMarker: isTruncated ? shown(last!.plan.key) : undefined,
    NextUploadIdMarker: isTruncated ? last!.id : undefined,
    Prefix: shown(prefix),
    Delimiter: delimiter === "" ? undefined : shown(delimiter),
    EncodingType: encoding,
    MaxUploads: max,
    IsTruncated: isTruncated,
    Upload: page.map(({ id, plan }) => ({
      Key: shown(plan.key),
      UploadId: id,
      Initiator: owner,
      Owner: owner,
      StorageClass: plan.storageClass ?? "STANDARD",
      Initiated: new Date(plan.startedMs).toISOString(),
      ...(plan.checksum && {
        ChecksumAlgorithm: plan.checksum.name.toUpperCase(),
        ChecksumType: plan.checksum.type,
      }),
    })),
    CommonPrefixes: [...folders].map((folder) => ({ Prefix: shown(folder) })),
  });
  return { status: 200, xml };
};

const isAfterMarker =
  (keyMarker: string) =>
  ({ plan }: Upload): boolean =>
    compareUtf8(plan.key, keyMarker) > 0;

/** By key, and of one key the older first. */
function inOrder(uploads: readonly Upload[]): Upload[] {
  return [...uploads].sort(
    (a, b) =>
      compareUtf8(a.plan.key, b.plan.key) ||
      a.plan.startedMs - b.plan.startedMs ||
      (a.id < b.id ? -1 : 1),
  );
}
