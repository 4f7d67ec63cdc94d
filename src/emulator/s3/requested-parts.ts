import { type ChecksumName, checksumNames } from "./checksums.ts";
import { S3Error } from "./s3-error.ts";
import { fromXml, malformed, xmlTextOf } from "./xml.ts";

/** A part as a completion names it. */
export interface RequestedPart {
  readonly number: number;
  readonly etag: string;
  readonly checksums: Readonly<Partial<Record<ChecksumName, string>>>;
}

const partsMax = 10_000;

/** The parts of a CompleteMultipartUpload body, which must ascend. Throws `S3Error`. */
export function requestedParts(body: string): RequestedPart[] {
  const { Part: parts } = fromXml(body, "CompleteMultipartUpload");
  if (!Array.isArray(parts) || parts.length === 0 || parts.length > partsMax) throw malformed();
  let before = 0;
  return parts.map((part: unknown) => {
    const number = xmlTextOf(part, "PartNumber")?.trim() ?? "";
    const etag = xmlTextOf(part, "ETag")?.trim();
    if (!/^\d{1,5}$/.test(number) || etag === undefined) throw malformed();
    if (Number(number) <= before)
      throw new S3Error(400, "InvalidPartOrder", "The list of parts was not in ascending order.");
    before = Number(number);
    const checksums: Partial<Record<ChecksumName, string>> = {};
    for (const name of checksumNames) {
      const base64 = xmlTextOf(part, `Checksum${name.toUpperCase()}`);
      if (base64 !== undefined) checksums[name] = base64.trim();
    }
    return { number: Number(number), etag: etag.replace(/^"(.*)"$/, "$1"), checksums };
  });
}
