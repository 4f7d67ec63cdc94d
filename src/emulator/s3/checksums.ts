import { createHash } from "node:crypto";
import { crc32 } from "node:zlib";
import { invalidArgument, notImplemented, S3Error } from "./s3-error.ts";

/** The checksums S3 knows, by the last part of their header `x-amz-checksum-…`. */
export const checksumNames = [
  "crc32",
  "crc32c",
  "crc64nvme",
  "sha1",
  "sha256",
  "sha512",
  "md5",
] as const;

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
  if (name === "sha1" || name === "sha256" || name === "sha512" || name === "md5") {
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
  if (/^xxhash(64|3|128)$/i.test(text)) throw notImplemented(`Checksum algorithm ${text}`);
  throw invalidArgument(`Checksum algorithm ${text} is none of ${checksumNames.join(", ")}.`);
}

/** S3's checksum of a multipart object: the checksum of its parts' checksums, and their number. */
export function compositeChecksum(name: ChecksumName, parts: readonly string[]): Checksum {
  const hash = hasher(name);
  for (const part of parts) hash.update(Buffer.from(part, "base64"));
  return { name, base64: `${hash.base64()}-${parts.length}`, type: "COMPOSITE" };
}

/** How long the digest of each is, in bytes. */
const digestBytes: Readonly<Record<ChecksumName, number>> = {
  ...{ crc32: 4, crc32c: 4, crc64nvme: 8 },
  ...{ sha1: 20, sha256: 32, sha512: 64, md5: 16 },
};

/** Throws `S3Error` for what is no checksum of this kind, in base64. */
export function checkForm(name: ChecksumName, base64: string): void {
  const bytes = Buffer.from(base64, "base64");
  if (bytes.length === digestBytes[name] && bytes.toString("base64") === base64) return;
  throw new S3Error(400, "InvalidRequest", `Value for x-amz-checksum-${name} header is invalid.`);
}

/** A checksum as elements of an answer. */
export function checksumElements({ name, base64, type }: Checksum): Record<string, string> {
  return { [`Checksum${name.toUpperCase()}`]: base64, ChecksumType: type };
}

function words(...values: readonly number[]): string {
  const bytes = Buffer.alloc(4 * values.length);
  values.forEach((value, i) => {
    bytes.writeUInt32BE(value, 4 * i);
  });
  return bytes.toString("base64");
}

/** Running CRC-32C and CRC-64/NVME, which node:zlib does not have. Start with 0. */
export function crc32c(bytes: Uint8Array, before = 0): number {
  let crc = ~before;
  const [t0, t1, t2, t3] = castagnoli;
  const end = bytes.length - (bytes.length % 4);
  for (let i = 0; i < end; i += 4) {
    crc ^= bytes[i]! | (bytes[i + 1]! << 8) | (bytes[i + 2]! << 16) | (bytes[i + 3]! << 24);
    crc = t3![crc & 255]! ^ t2![(crc >>> 8) & 255]! ^ t1![(crc >>> 16) & 255]! ^ t0![crc >>> 24]!;
  }
  for (let i = end; i < bytes.length; i++) crc = t0![(crc ^ bytes[i]!) & 255]! ^ (crc >>> 8);
  return ~crc >>> 0;
}

/** A 64-bit word in two halves: BigInt would be some thirty times slower. */
export interface Word64 {
  readonly high: number;
  readonly low: number;
}

export function crc64nvme(bytes: Uint8Array, before: Word64 = { high: 0, low: 0 }): Word64 {
  let high = ~before.high;
  let low = ~before.low;
  for (const byte of bytes) {
    const index = (low ^ byte) & 255;
    low = ((low >>> 8) | (high << 24)) ^ nvme.low[index]!;
    high = (high >>> 8) ^ nvme.high[index]!;
  }
  return { high: ~high >>> 0, low: ~low >>> 0 };
}

/** Table k moves a byte k places further, so four bytes go in one step. */
const castagnoli: readonly Int32Array[] = (() => {
  const tables = [0, 1, 2, 3].map(() => new Int32Array(256));
  for (let i = 0; i < 256; i++) {
    let word = i;
    for (let bit = 0; bit < 8; bit++) word = word & 1 ? (word >>> 1) ^ 0x82f63b78 : word >>> 1;
    tables[0]![i] = word;
  }
  for (let k = 1; k < 4; k++)
    for (let i = 0; i < 256; i++) {
      const word = tables[k - 1]![i]!;
      tables[k]![i] = tables[0]![word & 255]! ^ (word >>> 8);
    }
  return tables;
})();

const nvme = (() => {
  const high = new Int32Array(256);
  const low = new Int32Array(256);
  for (let i = 0; i < 256; i++) {
    let upper = 0;
    let lower = i;
    for (let bit = 0; bit < 8; bit++) {
      const odd = lower & 1;
      lower = (lower >>> 1) | (upper << 31);
      upper >>>= 1;
      if (odd) {
        upper ^= 0x9a6c9329;
        lower ^= 0xac4bc9b5;
      }
    }
    high[i] = upper;
    low[i] = lower;
  }
  return { high, low };
})();
