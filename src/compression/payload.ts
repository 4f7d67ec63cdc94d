import { ByteReader, ByteWriter, refusePayload } from "./bits.ts";
import { crc16, crc32 } from "./checksums.ts";
import { decodePayload } from "./decode.ts";
import { readContent, supports, valueKinds, version, writeContent } from "./payload-codec.ts";
import { type PayloadModel, payloadVectorLength } from "./payload-model.ts";

/** A payload: what its content says, and a checksum of that and of the vector's length. */
export function payloadOf(content: PayloadModel): Uint8Array<ArrayBuffer> {
  if (content.kind === "coded" && content.support.kind === "all") {
    const { values } = content;
    if (values.kind === "floats" && values.floats.length <= plainMax)
      return plainPayload(values.floats);
  }
  const writer = new ByteWriter();
  writeContent(writer, content);
  writer.align();
  return withChecksum(writer.written(), payloadVectorLength(content));
}

/**
 * The vector of a short payload that tells every entry as float32: good until the next call, as an
 * array for each of ten million costs more than what is done with it. Null for any other payload,
 * and for one that was damaged.
 */
export function plainNumbers(payload: Uint8Array, length: number): Float32Array | null {
  const room = length <= plainMax ? (plainRooms[length] ?? plainRoom(length)) : null;
  if (room === null || payload.length !== room.payload.length || payload[0] !== plainKind)
    return null;
  room.payload.set(payload);
  let crc = checksumOf(room.body, length);
  for (let at = room.body.length; at < payload.length; at++, crc >>>= 8)
    if (payload[at] !== (crc & 255)) return null;
  return room.floats;
}

/** The first byte of content that tells all entries as float32. */
const plainKind = 32 * version + supports.indexOf("all") + 3 * valueKinds.indexOf("floats");
const plainMax = 1_024;

/** A payload's memory, so that its floats begin at a whole word. */
interface PlainRoom {
  readonly payload: Uint8Array<ArrayBuffer>;
  readonly body: Uint8Array<ArrayBuffer>;
  readonly floats: Float32Array<ArrayBuffer>;
}

/** By length. */
const plainRooms: (PlainRoom | undefined)[] = [];

function plainRoom(length: number): PlainRoom {
  const bodyBytes = 1 + 4 * length;
  const bytes = bodyBytes + (bodyBytes <= shortBytes ? shortCrcBytes : longCrcBytes);
  const memory = new ArrayBuffer(3 + bytes);
  const made = {
    payload: new Uint8Array(memory, 3, bytes),
    body: new Uint8Array(memory, 3, bodyBytes),
    floats: new Float32Array(memory, 4, length),
  };
  plainRooms[length] = made;
  return made;
}

/** The payload of all entries as they are. */
function plainPayload(floats: Float32Array): Uint8Array<ArrayBuffer> {
  const { length } = floats;
  const room = plainRooms[length] ?? plainRoom(length);
  room.body[0] = plainKind;
  room.floats.set(floats);
  let crc = checksumOf(room.body, length);
  for (let at = room.body.length; at < room.payload.length; at++, crc >>>= 8)
    room.payload[at] = crc & 255;
  return new Uint8Array(room.payload);
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
