import { RunError } from "../core/errors.ts";

/** A message is its numbers and nothing else: as long in every round, whatever they are. */
export function publishedVectorBytes(values: Float64Array<ArrayBuffer>): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}

/** The numbers of a message. Throws `RunError` where it is none. */
export function publishedVectorOf(bytes: Uint8Array, key: string): Float64Array<ArrayBuffer> {
  const length = bytes.byteLength / Float64Array.BYTES_PER_ELEMENT;
  const isWhole = Number.isInteger(length) && length > 0;
  const values = isWhole ? new Float64Array(new Uint8Array(bytes).buffer) : null;
  if (values?.every(Number.isFinite)) return values;
  throw new RunError("bad-message", `${key}: it is no message of a private run`, {
    hint: "it was damaged or written by something else; start the run anew",
  });
}
