import { checksumElements } from "./checksums.ts";
import type { ObjectFacts } from "./object-file.ts";
import type { S3Operation } from "./operation.ts";
import type { S3Request } from "./request.ts";
import { invalidArgument, noSuchKey } from "./s3-error.ts";
import { toXml, type XmlRecord } from "./xml.ts";

const known = ["ETag", "Checksum", "ObjectParts", "StorageClass", "ObjectSize"];
const pageMax = 1_000;

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObjectAttributes.html */
export const getObjectAttributes: S3Operation = (context, request) => {
  const facts = context.root.bucket(request.bucket).facts(request.key);
  if (facts === undefined) throw noSuchKey(request.key);
  const wanted = (request.header("x-amz-object-attributes") ?? "")
    .split(",")
    .map((name) => name.trim())
    .filter((name) => name !== "");
  if (wanted.length === 0 || wanted.some((name) => !known.includes(name)))
    throw invalidArgument("Invalid attribute name specified.", {
      ArgumentName: "x-amz-object-attributes",
      ArgumentValue: wanted.join(","),
    });
  const all: Record<string, () => XmlRecord[string]> = {
    ETag: () => facts.etag,
    Checksum: () => facts.checksum && checksumElements(facts.checksum),
    ObjectParts: () => facts.parts && partsOf(facts.parts, facts.checksum?.name, request),
    StorageClass: () => facts.storageClass ?? "STANDARD",
    ObjectSize: () => facts.size,
  };
  const content = Object.fromEntries(
    known.filter((name) => wanted.includes(name)).map((name) => [name, all[name]!()]),
  );
  const headers = { "last-modified": new Date(facts.modifiedMs).toUTCString() };
  return { status: 200, headers, xml: toXml("GetObjectAttributesResponse", content) };
};

/** Parts one by one are told only where each has a checksum of its own, as S3 does. */
function partsOf(
  parts: NonNullable<ObjectFacts["parts"]>,
  algorithm: string | undefined,
  request: S3Request,
): XmlRecord {
  const marker = numberIn(request, "x-amz-part-number-marker", 0);
  const max = Math.min(numberIn(request, "x-amz-max-parts", pageMax), pageMax);
  const page = parts
    .map((part, place) => ({ number: place + 1, ...part }))
    .filter(({ number, checksum }) => checksum !== undefined && number > marker)
    .slice(0, max);
  const last = page.at(-1)?.number ?? marker;
  const isDetailed = parts[0]?.checksum !== undefined;
  return {
    PartsCount: parts.length,
    ...(isDetailed && {
      PartNumberMarker: marker,
      NextPartNumberMarker: last,
      MaxParts: max,
      IsTruncated: last < parts.length,
      Part: page.map(({ number, size, checksum }) => ({
        PartNumber: number,
        Size: size,
        [`Checksum${algorithm?.toUpperCase()}`]: checksum,
      })),
    }),
  };
}

function numberIn(request: S3Request, header: string, fallback: number): number {
  const text = request.header(header);
  if (text === undefined) return fallback;
  if (!/^\d{1,6}$/.test(text)) throw invalidArgument(`${header} must be a whole number.`);
  return Number(text);
}
