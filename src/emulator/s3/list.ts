import { compareUtf8 } from "../../core/text.ts";
import type { Bucket } from "./bucket.ts";
import type { S3Context, S3Operation } from "./operation.ts";
import { owner, quoted } from "./reply.ts";
import { integerIn, type S3Request } from "./request.ts";
import { invalidArgument } from "./s3-error.ts";
import { toXml, type XmlRecord } from "./xml.ts";

/** ListObjectsV2: keys in the order of their UTF-8 bytes, folded at the delimiter. */
export const listObjectsV2: S3Operation = (context, request) => {
  const { query } = request;
  if (query.get("list-type") !== "2")
    throw invalidArgument("Invalid List Type specified in Request");
  const startAfter = query.get("start-after") ?? "";
  const token = query.get("continuation-token");
  const { bucket, page, maxKeys, shown, wished } = listing(context, request, {
    after: token === null ? startAfter : fromToken(token),
  });
  const withOwner = query.get("fetch-owner")?.toLowerCase() === "true";
  const content: XmlRecord = {
    ...wished,
    StartAfter: startAfter === "" ? undefined : shown(startAfter),
    ContinuationToken: token ?? undefined,
    NextContinuationToken: page.more === undefined ? undefined : toToken(page.more),
    MaxKeys: maxKeys,
    KeyCount: page.keys.length + page.folders.length,
    ...contentsOf(bucket, page, shown, withOwner),
  };
  return { status: 200, xml: toXml("ListBucketResult", content) };
};

/** The first version, which says where the next page begins only where it folds. */
export const listObjects: S3Operation = (context, request) => {
  const marker = request.query.get("marker") ?? "";
  const { bucket, page, maxKeys, shown, wished } = listing(context, request, { after: marker });
  const isFolded = wished.Delimiter !== undefined;
  const content: XmlRecord = {
    ...wished,
    Marker: shown(marker),
    NextMarker: isFolded && page.more !== undefined ? shown(page.more) : undefined,
    MaxKeys: maxKeys,
    ...contentsOf(bucket, page, shown, true),
  };
  return { status: 200, xml: toXml("ListBucketResult", content) };
};

/** What both versions of the call have in common. */
function listing(context: S3Context, request: S3Request, { after }: { readonly after: string }) {
  const bucket = context.root.bucket(request.bucket);
  const { query } = request;
  const { encoding, shown } = encodingOf(query);
  const maxKeys = integerIn(query, "max-keys", { min: 0, max: 2 ** 31 - 1, fallback: 1000 });
  const prefix = query.get("prefix") ?? "";
  const delimiter = query.get("delimiter") ?? "";
  const most = Math.min(context.pageKeysMax(), maxKeys);
  const page = pageOf(bucket, { prefix, delimiter, after, maxKeys: most });
  const wished: XmlRecord = {
    Name: bucket.name,
    Prefix: shown(prefix),
    Delimiter: delimiter === "" ? undefined : shown(delimiter),
    EncodingType: encoding,
  };
  return { bucket, page, maxKeys, shown, wished };
}

function contentsOf(
  bucket: Bucket,
  page: Page,
  shown: (text: string) => string,
  withOwner: boolean,
): XmlRecord {
  return {
    IsTruncated: page.more !== undefined,
    Contents: page.keys.map((key) => {
      const facts = bucket.facts(key)!;
      return {
        Key: shown(key),
        LastModified: new Date(facts.modifiedMs).toISOString(),
        ETag: quoted(facts.etag),
        ChecksumAlgorithm: facts.checksum?.name.toUpperCase(),
        ChecksumType: facts.checksum?.type,
        Size: facts.size,
        StorageClass: facts.storageClass ?? "STANDARD",
        Owner: withOwner ? owner : undefined,
      };
    }),
    CommonPrefixes: page.folders.map((folder) => ({ Prefix: shown(folder) })),
  };
}

/** How keys are to be shown in an answer: as they are, or percent-encoded. */
export function encodingOf(query: URLSearchParams): {
  readonly encoding: string | undefined;
  readonly shown: (text: string) => string;
} {
  const encoding = query.get("encoding-type");
  if (encoding === null) return { encoding: undefined, shown: (text) => text };
  if (encoding === "url") return { encoding, shown: urlEncoded };
  throw invalidArgument("Invalid Encoding Method specified in Request");
}

interface Page {
  keys: string[];
  folders: string[];
  /** Where the next page begins: after this key or folder. Undefined on the last page. */
  more: string | undefined;
}

function pageOf(
  bucket: Bucket,
  wish: { prefix: string; delimiter: string; after: string; maxKeys: number },
): Page {
  const { prefix, delimiter, after, maxKeys } = wish;
  const page: Page = { keys: [], folders: [], more: undefined };
  if (maxKeys === 0) return page;
  let last = "";
  let place = bucket.keys.from(compareUtf8(after, prefix) > 0 ? after : prefix);
  for (let key = bucket.keys.at(place); key !== undefined; key = bucket.keys.at(place)) {
    if (!key.startsWith(prefix)) break;
    const cut = delimiter === "" ? -1 : key.indexOf(delimiter, prefix.length);
    const folder = cut < 0 ? undefined : key.slice(0, cut + delimiter.length);
    // The folder that ended the page before is passed over whole, and so is the key.
    if (folder !== undefined && after === folder) {
      place = afterFolder(bucket, folder, place);
      continue;
    }
    if (key === after) {
      place += 1;
      continue;
    }
    if (page.keys.length + page.folders.length === maxKeys) {
      page.more = last;
      break;
    }
    last = folder ?? key;
    if (folder === undefined) {
      page.keys.push(key);
      place += 1;
    } else {
      page.folders.push(folder);
      place = afterFolder(bucket, folder, place);
    }
  }
  return page;
}

/** The first place behind every key that begins with `folder`, by doubling and halving. */
function afterFolder(bucket: Bucket, folder: string, place: number): number {
  const inside = (at: number) => bucket.keys.at(at)?.startsWith(folder) === true;
  let step = 1;
  while (inside(place + step)) step *= 2;
  let low = place;
  let high = place + step;
  while (low + 1 < high) {
    const middle = (low + high) >>> 1;
    if (inside(middle)) low = middle;
    else high = middle;
  }
  return high;
}

const toToken = (key: string) => Buffer.from(key).toString("base64url");

function fromToken(token: string): string {
  const key = Buffer.from(token, "base64url");
  if (toToken(key.toString()) !== token)
    throw invalidArgument("The continuation token provided is incorrect");
  return key.toString();
}

/** As S3 writes keys: slashes stay, blanks become plus signs. */
function urlEncoded(text: string): string {
  return encodeURIComponent(text)
    .replace(/[!'()]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`)
    .replaceAll("%2F", "/")
    .replaceAll("%20", "+");
}
