import { createHash } from "node:crypto";
import { crc32 } from "node:zlib";
import { crc32c, crc64nvme } from "./crc.ts";
import { invalidArgument } from "./s3-error.ts";

/** The checksums S3 knows, by the last part of their header `x-amz-checksum-…`. */
export const checksumNames = ["crc32", "crc32c", "crc64nvme", "sha1", "sha256"] as const;

export type ChecksumName = (typeof checksumNames)[number];

/** A stored checksum: of the whole object, or of its parts' checksums ("…-3"). */
export interface Checksum {
  readonly name: ChecksumName;
  readonly base64: string;
  readonly type: "FULL_OBJECT" | "COMPOSITE";
}

export interface Hasher {
  update(bytes: Uint8Array): void;
  base64(): string;
}

export function hasher(name: ChecksumName): Hasher {
  if (name === "sha1" || name === "sha256") {
    const hash = createHash(name);
    return { update: (bytes) => void hash.update(bytes), base64: () => hash.digest("base64") };
  }
  if (name === "crc64nvme") {
    let word = { high: 0, low: 0 };
    return {
      update: (bytes) => {
        word = crc64nvme(bytes, word);
      },
      base64: () => words(word.high, word.low),
    };
  }
  const next = name === "crc32" ? crc32 : crc32c;
  let word = 0;
  return {
    update: (bytes) => {
      word = next(bytes, word);
    },
    base64: () => words(word),
  };
}

/** `CRC32` or `x-amz-checksum-crc32` as a name; undefined where it is none of ours. */
export function checksumName(text: string): ChecksumName | undefined {
  const plain = text
    .trim()
    .toLowerCase()
    .replace(/^x-amz-checksum-/, "");
  return checksumNames.find((name) => name === plain);
}

export function requiredChecksumName(text: string): ChecksumName {
  const name = checksumName(text);
  if (name !== undefined) return name;
  throw invalidArgument(`Checksum algorithm ${text} is none of ${checksumNames.join(", ")}.`);
}

/** S3's checksum of a multipart object: the checksum of its parts' checksums, and their number. */
export function compositeChecksum(name: ChecksumName, parts: readonly string[]): Checksum {
  const hash = hasher(name);
  for (const part of parts) hash.update(Buffer.from(part, "base64"));
  return { name, base64: `${hash.base64()}-${parts.length}`, type: "COMPOSITE" };
}

function words(...values: readonly number[]): string {
  const bytes = Buffer.alloc(4 * values.length);
  values.forEach((value, i) => {
    bytes.writeUInt32BE(value, 4 * i);
  });
  return bytes.toString("base64");
}
