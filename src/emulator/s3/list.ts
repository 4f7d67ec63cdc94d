import { compareUtf8 } from "../../core/text.ts";
import type { Bucket } from "./bucket.ts";
import type { S3Operation } from "./operation.ts";
import { quoted } from "./reply.ts";
import { integerIn } from "./request.ts";
import { invalidArgument } from "./s3-error.ts";
import { toXml, type XmlRecord } from "./xml.ts";

/** ListObjectsV2: keys in the order of their UTF-8 bytes, folded at the delimiter. */
export const listObjectsV2: S3Operation = (context, request) => {
  const bucket = context.root.bucket(request.bucket);
  const { query } = request;
  const encoding = query.get("encoding-type");
  if (encoding !== null && encoding !== "url")
    throw invalidArgument("Invalid Encoding Method specified in Request");
  const shown = encoding === "url" ? urlEncoded : (text: string) => text;
  const maxKeys = integerIn(query, "max-keys", { min: 0, max: 2 ** 31 - 1, fallback: 1000 });
  const prefix = query.get("prefix") ?? "";
  const delimiter = query.get("delimiter") ?? "";
  const startAfter = query.get("start-after") ?? "";
  const token = query.get("continuation-token");
  const after = token === null ? startAfter : fromToken(token);
  const page = pageOf(bucket, {
    prefix,
    delimiter,
    after,
    maxKeys: Math.min(context.pageKeysMax(), maxKeys),
  });
  const content: XmlRecord = {
    Name: bucket.name,
    Prefix: shown(prefix),
    Delimiter: delimiter === "" ? undefined : shown(delimiter),
    StartAfter: startAfter === "" ? undefined : shown(startAfter),
    ContinuationToken: token ?? undefined,
    NextContinuationToken: page.more === undefined ? undefined : toToken(page.more),
    EncodingType: encoding ?? undefined,
    MaxKeys: maxKeys,
    KeyCount: page.keys.length + page.folders.length,
    IsTruncated: page.more !== undefined,
    Contents: page.keys.map((key) => {
      const facts = bucket.facts(key)!;
      return {
        Key: shown(key),
        LastModified: new Date(facts.modifiedMs).toISOString(),
        ETag: quoted(facts.etag),
        ChecksumAlgorithm: facts.checksum?.name.toUpperCase(),
        Size: facts.size,
        StorageClass: "STANDARD",
      };
    }),
    CommonPrefixes: page.folders.map((folder) => ({ Prefix: shown(folder) })),
  };
  return { status: 200, xml: toXml("ListBucketResult", content) };
};

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
