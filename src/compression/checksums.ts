import { crc32 as nativeCrc32 } from "node:zlib";

/** x^16 + x^14 + x^12 + x^11 + x^8 + x^5 + x^4 + x^2 + 1, highest bit first. */
export function crc16(bytes: Uint8Array, before = 0xffff): number {
  let crc = before;
  for (let i = 0; i < bytes.length; i++) {
    crc ^= bytes[i]! << 8;
    for (let bit = 0; bit < 8; bit++) crc = ((crc << 1) ^ (crc & 0x8000 ? 0x5935 : 0)) & 0xffff;
  }
  return crc;
}

/** A call of Node's takes longer than so many bytes by themselves. */
const nativeBytesMin = 256;

/** The CRC-32 of ZIP and PNG, going on from another's bytes. */
export function crc32(bytes: Uint8Array, before = 0): number {
  if (bytes.length >= nativeBytesMin) return nativeCrc32(bytes, before);
  let crc = ~before;
  for (let i = 0; i < bytes.length; i++) crc = (crc >>> 8) ^ table[(crc ^ bytes[i]!) & 255]!;
  return ~crc >>> 0;
}

const table = Int32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  return crc;
});
