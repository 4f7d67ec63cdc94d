import { createHash } from "node:crypto";
import { RunError } from "../core/errors.ts";
import { remedyFor } from "../store-damage.ts";

/** A message's numbers and nothing else: as long in every round, whatever they are. */
export function publishedVectorBytes(values: Float64Array<ArrayBuffer>): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}

/** A message as it is stored: its numbers, and behind them their SHA-256. */
export function storedVectorBytes(values: Float64Array<ArrayBuffer>): Uint8Array {
  const bytes = publishedVectorBytes(values);
  return Buffer.concat([bytes, digestOf(bytes)]);
}

/**
 * The numbers of a stored message of `length` numbers. One of an earlier version has no digest.
 * Throws `RunError` where it is damaged.
 */
export function publishedVectorOf(
  bytes: Uint8Array,
  key: string,
  length: number,
): Float64Array<ArrayBuffer> {
  const numbers = bytes.subarray(0, length * Float64Array.BYTES_PER_ELEMENT);
  const digest = bytes.subarray(numbers.length);
  const isWhole = numbers.length === length * Float64Array.BYTES_PER_ELEMENT && length > 0;
  if (isWhole && (digest.length === 0 || digestOf(numbers).equals(digest))) {
    const values = new Float64Array(new Uint8Array(numbers).buffer);
    if (values.every(Number.isFinite)) return values;
  }
  throw new RunError("bad-message", `${key}: it is no message of ${length} numbers`, {
    hint: remedyFor(key),
  });
}

function digestOf(bytes: Uint8Array): Buffer {
  return createHash("sha256").update(bytes).digest();
}
