import type { DenseRows } from "./rows.ts";

/** How the entries of a shard's rows are stored: 4, 2 or 1 bytes each. */
export const storageNames = ["float32", "bfloat16", "int8"] as const;
export type Storage = (typeof storageNames)[number];

/** Dense rows in fewer bytes than float32. */
export interface Packed {
  /** bfloat16: the upper halves of float32; int8: multiples of the row's scale. */
  readonly values: Uint16Array | Int8Array;
  /** int8: the factor of each row; absent for bfloat16. */
  readonly scales?: Float32Array;
}

/** An entry x is off by at most 2^-8 |x|. The largest entries stay finite. */
export function toBfloat16(values: Float32Array): Uint16Array<ArrayBuffer> {
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
  const packed = new Uint16Array(values.length);
  for (let at = 0; at < packed.length; at++) {
    const word = bits[at]!;
    // To the nearest, halves to even; what would round to infinity is cut instead.
    const rounded = (word + 0x7fff + ((word >>> 16) & 1)) >>> 16;
    packed[at] = (rounded & 0x7fff) < 0x7f80 ? rounded : word >>> 16;
  }
  return packed;
}

/**
 * An entry x is off by at most half a scale, the row's largest |x| over 254. Rows of entries below
 * 1e-36 become zeros.
 */
export function toInt8(
  values: Float32Array,
  columns: number,
): { readonly values: Int8Array<ArrayBuffer>; readonly scales: Float32Array<ArrayBuffer> } {
  const rows = columns === 0 ? 0 : values.length / columns;
  const packed = new Int8Array(values.length);
  const scales = new Float32Array(rows);
  for (let i = 0; i < rows; i++) {
    const [from, to] = [i * columns, (i + 1) * columns];
    let most = 0;
    for (let at = from; at < to; at++) most = Math.max(most, Math.abs(values[at]!));
    // As small as float32 has them a scale would lose its own digits: the row counts as zeros.
    const scale = Math.fround(Math.min(most / 127, scaleMax));
    if (scale < 2 ** -126) continue;
    scales[i] = scale;
    for (let at = from; at < to; at++)
      packed[at] = Math.max(-127, Math.min(127, Math.round(values[at]! / scale)));
  }
  return { values: packed, scales };
}

/** 127 times as much is finite in float32, whichever way the scale was rounded. */
const scaleMax = 2 ** 128 / 127.01;

export function pack(storage: "bfloat16" | "int8", values: Float32Array, columns: number): Packed {
  return storage === "bfloat16" ? { values: toBfloat16(values) } : toInt8(values, columns);
}

/** The entries that packed rows stand for: what every product over them goes by. */
export function unpack({ values, scales }: Packed, columns: number): Float32Array<ArrayBuffer> {
  const out = new Float32Array(values.length);
  if (values instanceof Int8Array) {
    for (let at = 0, i = 0; at < out.length; i++)
      for (const to = at + columns; at < to; at++) out[at] = values[at]! * scales![i]!;
    return out;
  }
  const bits = new Uint32Array(out.buffer);
  for (let at = 0; at < bits.length; at++) bits[at] = values[at]! << 16;
  return out;
}

const cache = new WeakMap<object, Packed>();

/** Rows that are kept packed; `values` unpacks them anew each time. */
export function packedRows(rows: number, columns: number, packed: Packed): DenseRows {
  const result: DenseRows = {
    kind: "dense",
    rows,
    columns,
    get values() {
      return unpack(packed, columns);
    },
  };
  cache.set(result, packed);
  return result;
}

export function storageOf({ scales }: Packed): "bfloat16" | "int8" {
  return scales === undefined ? "bfloat16" : "int8";
}

/** What packed rows are made of; undefined for all others. */
export function packedOf(rows: object): Packed | undefined {
  return cache.get(rows);
}
