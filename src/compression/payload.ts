import { crc32 } from "node:zlib";
import { ByteReader, refuse } from "./byte-reader.ts";
import { ByteWriter } from "./byte-writer.ts";
import type { Content } from "./content.ts";
import { expand } from "./expand.ts";
import { readContent } from "./read-content.ts";
import { writeContent } from "./write-content.ts";

/** Raised with every change of the format. */
const version = 1;
const crcBytes = 4;

/** A payload: version, content, and the CRC-32 of both. */
export function payloadOf(content: Content): Uint8Array<ArrayBuffer> {
  const writer = new ByteWriter();
  writer.byte(version);
  writeContent(writer, content);
  writer.align();
  const crc = crc32(writer.written());
  for (let shift = 0; shift < 32; shift += 8) writer.byte((crc >>> shift) & 255);
  return writer.written().slice();
}

/**
 * The vector that a payload stands for. Throws `RunError` for one that was damaged or cut short,
 * or is about a vector of another length; nothing in it makes this use more room than `length`.
 */
export function decompress(payload: Uint8Array, length: number): Float32Array<ArrayBuffer> {
  return expand(contentOf(payload, length));
}

/** What a payload says, checked. */
export function contentOf(payload: Uint8Array, length: number): Content {
  const bodyBytes = payload.length - crcBytes;
  if (bodyBytes < 1) refuse("it is shorter than any");
  const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength);
  const body = payload.subarray(0, bodyBytes);
  if (view.getUint32(bodyBytes, true) !== crc32(body)) refuse("its checksum is another");
  const reader = new ByteReader(body);
  if (reader.byte() !== version) refuse("it is of another version");
  const content = readContent(reader, length);
  reader.end();
  return content;
}
