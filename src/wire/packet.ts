import { RunError } from "../core/errors.ts";
import { fromSafetensors, type Tensor, type TensorArray, toSafetensors } from "./safetensors.ts";

/** What states, tasks and replies are made of: JSON's values and numeric arrays, nested freely. */
export type Plain =
  | null
  | undefined
  | boolean
  | number
  | string
  | TensorArray
  | readonly Plain[]
  | { readonly [key: string]: Plain };

const mark = "$tensor";
const special = "$number";

/**
 * A value as one safetensors object: arrays become tensors named by their path, the rest becomes
 * JSON in the metadata. `fromPacket(toPacket(x))` equals x to the bit; absent and undefined keys
 * are the same; NaN and infinities survive.
 */
export function toPacket(value: object): Uint8Array<ArrayBuffer> {
  const tensors: Record<string, Tensor> = {};
  const json = JSON.stringify(
    replaced(value as Plain, "", (array, path) => {
      tensors[path] = { shape: [array.length], data: array };
      return { [mark]: path };
    }),
  );
  return toSafetensors(tensors, { plain: json });
}

/** The value in a packet. Throws `RunError` on anything damaged. `place` names the bytes. */
export function fromPacket<T>(bytes: Uint8Array, place = "packet"): T {
  const { tensors, metadata } = fromSafetensors(bytes, place);
  return restored(parsed(metadata.plain, place), (reference) => {
    const tensor = tensors[String(reference)];
    if (tensor === undefined)
      throw new RunError("bad-packet", `${place}: it names a tensor it does not hold`);
    return tensor.data;
  }) as T;
}

const dtypes = {
  F32: Float32Array,
  F64: Float64Array,
  I32: Int32Array,
  U32: Uint32Array,
  U16: Uint16Array,
  I8: Int8Array,
  U8: Uint8Array,
} as const;

/** One array goes to many workers in a round: its base64 is made once. */
const encodedOnce = new WeakMap<TensorArray, { dtype: string; base64: string }>();

/** A value as JSON text, arrays as base64 (little-endian); for Lambda's requests. */
export function toJson(value: object): string {
  return JSON.stringify(
    replaced(value as Plain, "", (array) => {
      let encoded = encodedOnce.get(array);
      if (encoded === undefined) {
        const bytes = Buffer.from(array.buffer, array.byteOffset, array.byteLength);
        encoded = { dtype: dtypeName(array), base64: bytes.toString("base64") };
        encodedOnce.set(array, encoded);
      }
      return { [mark]: encoded };
    }),
  );
}

/** The value in a JSON text or in what `JSON.parse` made of it. Throws `RunError`. */
export function fromJson<T>(json: unknown, place = "message"): T {
  return restored(typeof json === "string" ? parsed(json, place) : json, (reference) => {
    const { dtype, base64 } = (reference ?? {}) as { dtype?: unknown; base64?: unknown };
    if (typeof dtype !== "string" || !Object.hasOwn(dtypes, dtype) || typeof base64 !== "string")
      throw new RunError("bad-packet", `${place}: it holds a malformed array`);
    const kind = dtypes[dtype as keyof typeof dtypes];
    const bytes = Buffer.from(base64, "base64");
    if (bytes.length % kind.BYTES_PER_ELEMENT !== 0)
      throw new RunError("bad-packet", `${place}: an array is cut short`);
    const copy = new Uint8Array(bytes);
    return new kind(copy.buffer, 0, bytes.length / kind.BYTES_PER_ELEMENT);
  }) as T;
}

function dtypeName(array: TensorArray): string {
  for (const [name, kind] of Object.entries(dtypes)) if (array instanceof kind) return name;
  throw new Error("no dtype for this array");
}

function parsed(json: string | undefined, place: string): unknown {
  try {
    return JSON.parse(json ?? "");
  } catch (cause) {
    throw new RunError("bad-packet", `${place}: it is not JSON`, { cause });
  }
}

function replaced(
  value: Plain,
  path: string,
  array: (data: TensorArray, path: string) => unknown,
): unknown {
  if (typeof value === "number" && !Number.isFinite(value)) return { [special]: String(value) };
  if (typeof value !== "object" || value === null) return value;
  if (ArrayBuffer.isView(value)) return array(value as TensorArray, path || "value");
  const below = (item: Plain, key: string | number) =>
    replaced(item, path === "" ? String(key) : `${path}.${key}`, array);
  if (Array.isArray(value)) return value.map(below);
  const result: Record<string, unknown> = {};
  for (const [key, item] of Object.entries(value))
    if (item !== undefined) result[key] = below(item as Plain, key);
  return result;
}

function restored(value: unknown, array: (reference: unknown) => TensorArray): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map((item) => restored(item, array));
  const keys = Object.keys(value);
  if (keys.length === 1 && keys[0] === mark) return array((value as Record<string, unknown>)[mark]);
  if (keys.length === 1 && keys[0] === special)
    return Number((value as Record<string, unknown>)[special]);
  const result: Record<string, unknown> = {};
  for (const key of keys) {
    // A "__proto__" key from outside must become plain data like any other.
    Object.defineProperty(result, key, {
      value: restored((value as Record<string, unknown>)[key], array),
      enumerable: true,
      configurable: true,
      writable: true,
    });
  }
  return result;
}
