import type { ObjectFacts } from "./object-file.ts";
import { keptHeaders, type S3Request } from "./request.ts";
import { invalidArgument, notImplemented, S3Error } from "./s3-error.ts";

/** What a write leaves of an object beside its bytes. */
export type Attributes = Pick<ObjectFacts, "headers" | "tags" | "storageClass">;

/** Headers, tags and storage class of a request that writes an object. Throws `S3Error`. */
export function attributesOf(request: S3Request): Attributes {
  const tags = tagsOf(request);
  const storageClass = storageClassOf(request);
  return {
    headers: keptHeaders(request),
    ...(tags && { tags }),
    ...(storageClass && { storageClass }),
  };
}

export type Tags = Readonly<Record<string, string>>;

const tagsMax = 10;
const nameLengthMax = 128;
const valueLengthMax = 256;

/** The tags that a write brings with it in a header, as in an address. Throws `S3Error`. */
export function tagsOf(request: S3Request): Tags | undefined {
  const header = request.header("x-amz-tagging");
  if (header === undefined || header === "") return undefined;
  const pairs = [...new URLSearchParams(header)];
  if (pairs.some(([name]) => name === ""))
    throw invalidArgument("The header 'x-amz-tagging' shall be encoded as UTF-8 then URLEncoded.");
  return checkedTags(pairs);
}

/** Throws `S3Error` for tags that S3 does not take. */
export function checkedTags(pairs: readonly (readonly [string, string])[]): Tags {
  const refuse = (message: string) => new S3Error(400, "InvalidTag", message);
  if (pairs.length > tagsMax)
    throw new S3Error(400, "BadRequest", `Object tags cannot be greater than ${tagsMax}`);
  for (const [name, value] of pairs) {
    if (name === "" || name.length > nameLengthMax)
      throw refuse("The TagKey you have provided is invalid");
    if (value.length > valueLengthMax) throw refuse("The TagValue you have provided is invalid");
    if (/[^\p{L}\p{Z}\p{N}_.:/=+\-@]/u.test(name + value))
      throw refuse("The TagKey or TagValue holds characters that tags may not have");
    if (name.startsWith("aws:")) throw refuse("System tags cannot be added/updated by requester");
  }
  const tags = Object.fromEntries(pairs);
  if (Object.keys(tags).length < pairs.length)
    throw refuse("Cannot provide multiple Tags with the same key");
  return tags;
}

const storageClasses = [
  "REDUCED_REDUNDANCY",
  "STANDARD_IA",
  "ONEZONE_IA",
  "INTELLIGENT_TIERING",
  "GLACIER_IR",
];
/** Objects of these have to be restored before they can be read. */
const archives = ["GLACIER", "DEEP_ARCHIVE"];

/** The class that an object is to be stored in; undefined for the usual one. Throws `S3Error`. */
function storageClassOf(request: S3Request): string | undefined {
  const wanted = request.header("x-amz-storage-class");
  if (wanted === undefined || wanted === "STANDARD") return undefined;
  if (archives.includes(wanted)) throw notImplemented(`Storage class ${wanted}`);
  if (storageClasses.includes(wanted)) return wanted;
  throw new S3Error(400, "InvalidStorageClass", "The storage class you specified is not valid", {
    details: { StorageClassRequested: wanted },
  });
}
