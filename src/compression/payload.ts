import { crc32 } from "node:zlib";
import { ByteReader, ByteWriter, refusePayload } from "./bits.ts";
import { decodePayload } from "./decode.ts";
import { readContent, writeContent } from "./payload-codec.ts";
import { type PayloadModel, payloadVectorLength } from "./payload-model.ts";

/** A payload: what its content says, and a checksum of that and of the vector's length. */
export function payloadOf(content: PayloadModel): Uint8Array<ArrayBuffer> {
  const writer = new ByteWriter();
  writeContent(writer, content);
  writer.align();
  return withChecksum(writer.written(), payloadVectorLength(content));
}

/**
 * The vector that a payload stands for. Throws `RunError` for one that was damaged or cut short,
 * or is about a vector of another length; nothing in it makes this use more room than `length`.
 */
export function decompress(payload: Uint8Array, length: number): Float32Array<ArrayBuffer> {
  return decodePayload(contentOf(payload, length));
}

/** What a payload says, checked. */
export function contentOf(payload: Uint8Array, length: number): PayloadModel {
  const reader = new ByteReader(checkedBody(payload, length));
  const content = readContent(reader, length);
  reader.end();
  return content;
}

/**
 * Up to here every error of at most four bits is found by two bytes, as by the four of longer
 * bodies: the polynomial 0x5935 has Hamming distance 5 up to 241 bits (Koopman and Chakravarty,
 * DSN 2004). What remains are 1 in 65,536 of greater damages, behind a transport that has checks
 * of its own; and then one update is wrong by a vector of bounded size.
 */
const shortBytes = 30;
const shortCrcBytes = 2;
const longCrcBytes = 4;

/** A body and its checksum, little-endian, which also is about the vector's length. */
export function withChecksum(body: Uint8Array, length: number): Uint8Array<ArrayBuffer> {
  const crcBytes = body.length <= shortBytes ? shortCrcBytes : longCrcBytes;
  const out = new Uint8Array(body.length + crcBytes);
  out.set(body);
  let crc = checksumOf(body, length);
  for (let at = body.length; at < out.length; at++, crc >>>= 8) out[at] = crc & 255;
  return out;
}

/** The body that a checksum is right for. */
export function checkedBody(payload: Uint8Array, length: number): Uint8Array {
  const isShort = payload.length <= shortBytes + shortCrcBytes;
  const bodyBytes = payload.length - (isShort ? shortCrcBytes : longCrcBytes);
  if (bodyBytes < 1) refusePayload("it is shorter than any");
  const body = payload.subarray(0, bodyBytes);
  let crc = checksumOf(body, length);
  let differs = 0;
  for (let at = bodyBytes; at < payload.length; at++, crc >>>= 8)
    differs |= payload[at]! ^ (crc & 255);
  if (differs !== 0)
    refusePayload(`its checksum is another: it was damaged, or does not have ${length} entries`);
  return body;
}

/** The last length as it goes into a checksum: one vector after another has the same. */
let lengthOf = { length: -1, bytes: new Uint8Array(0) };

/** The length is not sent: the receiver knows it, and the checksum tells when it does not. */
function checksumOf(body: Uint8Array, length: number): number {
  if (length !== lengthOf.length) {
    const writer = new ByteWriter();
    writer.whole(length);
    lengthOf = { length, bytes: writer.written() };
  }
  const first = lengthOf.bytes;
  if (body.length > shortBytes) return crc32(body, crc32(first));
  return crc16(body, crc16(first));
}

/** x^16 + x^14 + x^12 + x^11 + x^8 + x^5 + x^4 + x^2 + 1, highest bit first. */
export function crc16(bytes: Uint8Array, before = 0xffff): number {
  let crc = before;
  for (let i = 0; i < bytes.length; i++) {
    crc ^= bytes[i]! << 8;
    for (let bit = 0; bit < 8; bit++) crc = ((crc << 1) ^ (crc & 0x8000 ? 0x5935 : 0)) & 0xffff;
  }
  return crc;
}
