import { RunError } from "../core/errors.ts";
import { bounds } from "../limits.ts";

/** Tensors by name, as the safetensors format stores them: little-endian, C order. */
export type TensorArray =
  | Float32Array
  | Float64Array
  | Int32Array
  | Uint32Array
  | Uint16Array
  | Int8Array
  | Uint8Array;

export interface Tensor {
  readonly shape: readonly number[];
  readonly data: TensorArray;
  /** These 16 bits are the upper halves of float32. */
  readonly dtype?: "BF16";
}

export interface SafeTensors {
  readonly tensors: Readonly<Record<string, Tensor>>;
  readonly metadata: Readonly<Record<string, string>>;
}

const arrays = {
  F32: Float32Array,
  F64: Float64Array,
  I32: Int32Array,
  U32: Uint32Array,
  U16: Uint16Array,
  BF16: Uint16Array,
  I8: Int8Array,
  U8: Uint8Array,
} as const;

type DType = keyof typeof arrays;

/** The one name that no tensor can have: the format keeps its metadata there. */
export const reservedName = "__metadata__";

/**
 * The bytes of a safetensors object: 8 bytes of header length, a JSON header padded with blanks to
 * a multiple of 8, then the tensors. Each tensor starts at a multiple of its item size, because
 * larger items are written first; the same input gives the same bytes.
 */
export function toSafetensors(
  tensors: Readonly<Record<string, Tensor>>,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array<ArrayBuffer> {
  const names = Object.keys(tensors).sort(
    (a, b) =>
      tensors[b]!.data.BYTES_PER_ELEMENT - tensors[a]!.data.BYTES_PER_ELEMENT || (a < b ? -1 : 1),
  );
  const header: Record<string, unknown> = Object.create(null);
  if (Object.keys(metadata).length > 0) header[reservedName] = metadata;
  let offset = 0;
  for (const name of names) {
    const { data, shape, dtype } = tensors[name]!;
    if (name === reservedName) throw new Error(`no tensor can be called ${name}`);
    if (product(shape) !== data.length)
      throw new Error(`tensor ${name}: shape [${shape}] does not hold ${data.length} items`);
    header[name] = {
      dtype: dtype ?? dtypeOf(data),
      shape,
      data_offsets: [offset, offset + data.byteLength],
    };
    offset += data.byteLength;
  }
  const json = new TextEncoder().encode(JSON.stringify(header));
  const headerBytes = Math.ceil(json.length / 8) * 8;
  const bytes = new Uint8Array(8 + headerBytes + offset);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(headerBytes), true);
  bytes.set(json, 8);
  bytes.fill(0x20, 8 + json.length, 8 + headerBytes);
  let at = 8 + headerBytes;
  for (const name of names) {
    const { data } = tensors[name]!;
    bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), at);
    at += data.byteLength;
  }
  return bytes;
}

/**
 * Reads a safetensors object; the tensors are views into `bytes` where alignment allows, copies
 * elsewhere. Every length and offset is checked. Throws `RunError("bad-safetensors")`.
 */
export function fromSafetensors(bytes: Uint8Array, place = "safetensors object"): SafeTensors {
  const refuse = (what: string, cause?: unknown): never => {
    throw new RunError("bad-safetensors", `${place}: ${what}`, {
      hint: "the object is damaged or was not written by kofn; remove it so that it is made anew",
      cause,
    });
  };
  if (bytes.length < 8) return refuse(`${bytes.length} bytes are too few for a header`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const headerBytes = Number(view.getBigUint64(0, true));
  const start = 8 + headerBytes;
  if (headerBytes > bounds.headerBytesMax || start > bytes.length)
    return refuse(`a header of ${headerBytes} bytes does not fit in ${bytes.length}`);
  let header: unknown;
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes.subarray(8, start));
    header = JSON.parse(text);
  } catch (cause) {
    return refuse("the header is not JSON", cause);
  }
  if (typeof header !== "object" || header === null || Array.isArray(header))
    return refuse("the header is not an object");
  const tensors: Record<string, Tensor> = Object.create(null);
  let metadata: Record<string, string> = {};
  const ranges: [number, number][] = [];
  for (const [name, entry] of Object.entries(header)) {
    if (name === reservedName) {
      if (!isStringMap(entry)) return refuse("its metadata are not text");
      metadata = entry;
      continue;
    }
    const tensor = tensorAt(entry, bytes, start);
    if (typeof tensor === "string") return refuse(`tensor ${JSON.stringify(name)}: ${tensor}`);
    tensors[name] = tensor;
    ranges.push((entry as { data_offsets: [number, number] }).data_offsets);
  }
  const end = endOf(ranges);
  if (end === null) return refuse("its tensors overlap or leave gaps");
  if (start + end !== bytes.length)
    return refuse(`its tensors end at ${start + end} of ${bytes.length} bytes`);
  return { tensors, metadata };
}

/** Where the last range ends if each begins where another ended, as the format demands. */
function endOf(ranges: [number, number][]): number | null {
  let end = 0;
  for (const [from, to] of ranges.sort((a, b) => a[0] - b[0] || a[1] - b[1])) {
    if (from !== end) return null;
    end = to;
  }
  return end;
}

function tensorAt(entry: unknown, bytes: Uint8Array, start: number): Tensor | string {
  const { dtype, shape, data_offsets: range } = (entry ?? {}) as Record<string, unknown>;
  if (typeof dtype !== "string" || !Object.hasOwn(arrays, dtype))
    return `unknown dtype ${JSON.stringify(dtype)}`;
  if (!isCounts(shape)) return `bad shape ${JSON.stringify(shape)}`;
  if (!isCounts(range) || range.length !== 2) return `bad offsets ${JSON.stringify(range)}`;
  const [from, to] = range as [number, number];
  const kind = arrays[dtype as DType];
  const length = product(shape);
  if (!Number.isSafeInteger(length) || to - from !== length * kind.BYTES_PER_ELEMENT)
    return `offsets ${from}..${to} do not match shape [${shape}]`;
  if (start + to > bytes.length) return `it ends at ${start + to} of ${bytes.length} bytes`;
  const at = bytes.byteOffset + start + from;
  const data =
    at % kind.BYTES_PER_ELEMENT === 0
      ? new kind(bytes.buffer as ArrayBuffer, at, length)
      : new kind(bytes.slice(start + from, start + to).buffer, 0, length);
  return dtype === "BF16" ? { shape, data, dtype } : { shape, data };
}

function dtypeOf(data: TensorArray): DType {
  for (const [name, kind] of Object.entries(arrays)) if (data instanceof kind) return name as DType;
  throw new Error(`no dtype for ${Object.prototype.toString.call(data)}`);
}

function isCounts(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((item) => Number.isSafeInteger(item) && item >= 0);
}

function isStringMap(value: unknown): value is Record<string, string> {
  return (
    typeof value === "object" &&
    value !== null &&
    Object.values(value).every((item) => typeof item === "string")
  );
}

function product(shape: readonly number[]): number {
  return shape.reduce((total, size) => total * size, 1);
}
