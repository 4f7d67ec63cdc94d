import { ByteReader } from "./byte-reader.ts";
import { ByteWriter } from "./byte-writer.ts";
import { checkedBody, withChecksum } from "./checksum.ts";
import { decodePayload } from "./decode.ts";
import { type PayloadModel, payloadVectorLength } from "./payload-model.ts";
import { readContent } from "./read-content.ts";
import { writeContent } from "./write-content.ts";

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
