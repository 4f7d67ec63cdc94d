import { RunError } from "../core/errors.ts";
import {
  fromSafetensors,
  reservedName,
  type Tensor,
  type TensorArray,
  toSafetensors,
} from "./safetensors.ts";

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
/** A key of the user's that could be taken for one of these, alone in its object: "$" is added. */
const ambiguous = /^\$+(tensor|number)$/;
const numbersJsonLacks = ["NaN", "Infinity", "-Infinity", "-0"];
const depthMax = 200;

/**
 * A value as one safetensors object: arrays become tensors named by their path, the rest becomes
 * JSON in the metadata, behind `before`. `fromPacket(toPacket(x))` equals x to the bit; absent and
 * undefined keys are the same; NaN and infinities survive.
 */
export function toPacket(
  value: object,
  before: Readonly<Record<string, string>> = {},
): Uint8Array<ArrayBuffer> {
  const tensors: Record<string, Tensor> = Object.create(null);
  const json = JSON.stringify(
    replaced(value as Plain, "", (array, path) => {
      // Keys may hold dots: { "a.b": x, a: { b: y } } makes one path twice.
      let name = path;
      for (let copy = 2; name in tensors || name === reservedName; copy++) name = `${path}#${copy}`;
      tensors[name] = { shape: [array.length], data: array };
      return { [mark]: name };
    }),
  );
  return toSafetensors(tensors, { ...before, plain: json });
}

/** The value in a packet. Throws `RunError` on anything damaged. `place` names the bytes. */
export function fromPacket<T>(bytes: Uint8Array, place = "packet"): T {
  const { tensors, metadata } = fromSafetensors(bytes, place);
  return restored(parsed(metadata.plain, place), place, (reference) => {
    const tensor = typeof reference === "string" ? tensors[reference] : undefined;
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

/** The text made of an array in `toJsonBytes`, once for all the requests of a round. */
const spelledOnce = new WeakMap<TensorArray, Buffer>();

/**
 * The bytes of `toJson(value)`, several times as fast: base64 needs no escaping. `take` gives the
 * memory that they are written to.
 */
export function toJsonBytes(
  value: object,
  take: (length: number) => Buffer = Buffer.allocUnsafe,
): Uint8Array {
  const arrays: TensorArray[] = [];
  const json = JSON.stringify(
    replaced(value as Plain, "", (array) => ({ [mark]: arrays.push(array) - 1 })),
  );
  // Quotes within strings are escaped, so that this can only be a mark.
  const pieces = json.split(/(\{"\$tensor":\d+\})/);
  let next = 0;
  const parts = pieces.map((piece, i) =>
    i % 2 === 0 ? Buffer.from(piece) : spelled(arrays[next++]!),
  );
  const whole = take(parts.reduce((bytes, part) => bytes + part.length, 0));
  let at = 0;
  for (const part of parts) at += part.copy(whole, at);
  return whole;
}

function spelled(array: TensorArray): Buffer {
  let text = spelledOnce.get(array);
  if (text === undefined) {
    const bytes = Buffer.from(array.buffer, array.byteOffset, array.byteLength);
    const head = `{"${mark}":{"dtype":"${dtypeName(array)}","base64":"`;
    text = Buffer.from(`${head}${bytes.toString("base64")}"}}`, "latin1");
    spelledOnce.set(array, text);
  }
  return text;
}

/** The value in a JSON text or in what `JSON.parse` made of it. Throws `RunError`. */
export function fromJson<T>(json: unknown, place = "message"): T {
  return restored(typeof json === "string" ? parsed(json, place) : json, place, (reference) => {
    const { dtype, base64 } = (reference ?? {}) as { dtype?: unknown; base64?: unknown };
    if (typeof dtype !== "string" || !Object.hasOwn(dtypes, dtype) || typeof base64 !== "string")
      throw new RunError("bad-packet", `${place}: it holds a malformed array`);
    const kind = dtypes[dtype as keyof typeof dtypes];
    const bytes = Buffer.from(base64, "base64");
    if (bytes.length % kind.BYTES_PER_ELEMENT !== 0)
      throw new RunError("bad-packet", `${place}: an array is cut short`);
    // A small one lies in memory that it shares with others.
    const isAlone = bytes.length === bytes.buffer.byteLength;
    const { buffer } = isAlone ? bytes : new Uint8Array(bytes);
    return new kind(buffer, 0, bytes.length / kind.BYTES_PER_ELEMENT);
  }) as T;
}

/** What an array's numbers are, as safetensors calls it. */
export function dtypeName(array: TensorArray): keyof typeof dtypes {
  for (const [name, kind] of Object.entries(dtypes))
    if (array instanceof kind) return name as keyof typeof dtypes;
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
  if (typeof value === "number" && (!Number.isFinite(value) || Object.is(value, -0)))
    return { [special]: Object.is(value, -0) ? "-0" : String(value) };
  if (typeof value !== "object" || value === null) return value;
  if (ArrayBuffer.isView(value)) return array(value as TensorArray, path || "value");
  const below = (item: Plain, key: string | number) =>
    replaced(item, path === "" ? String(key) : `${path}.${key}`, array);
  if (Array.isArray(value)) return value.map(below);
  const entries = Object.entries(value).filter(([, item]) => item !== undefined);
  const isAmbiguous = entries.length === 1 && ambiguous.test(entries[0]![0]);
  const result: Record<string, unknown> = {};
  for (const [key, item] of entries)
    setOwn(result, isAmbiguous ? `$${key}` : key, below(item as Plain, key));
  return result;
}

/**
 * What `replaced` made, undone. Its input may come from anywhere, and stays as it is: what holds
 * neither arrays nor marked numbers is handed on, all else is copied.
 */
function restored(
  value: unknown,
  place: string,
  array: (reference: unknown) => TensorArray,
  depth = 0,
): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (depth > depthMax)
    throw new RunError("bad-packet", `${place}: it is nested deeper than ${depthMax} levels`);
  const below = (item: unknown) => restored(item, place, array, depth + 1);
  if (Array.isArray(value)) {
    let items = value as unknown[];
    for (let at = 0; at < value.length; at++) {
      const item = below(value[at]);
      if (item === value[at]) continue;
      if (items === value) items = value.slice();
      items[at] = item;
    }
    return items;
  }
  const given = value as Record<string, unknown>;
  const alone = onlyKey(given);
  if (alone === mark) return array(given[mark]);
  if (alone === special) {
    const inner = given[special];
    if (typeof inner === "string" && numbersJsonLacks.includes(inner)) return Number(inner);
    throw new RunError("bad-packet", `${place}: it holds a malformed number`);
  }
  if (alone !== undefined && ambiguous.test(alone))
    return { [alone.slice(1)]: below(given[alone]) };
  let result = given;
  for (const name in given) {
    if (!Object.hasOwn(given, name)) continue;
    const item = below(given[name]);
    if (item === given[name]) continue;
    if (result === given) result = { ...given };
    setOwn(result, name, item);
  }
  return result;
}

/** The key of an object that has no other. */
function onlyKey(object: object): string | undefined {
  let only: string | undefined;
  for (const key in object) {
    if (!Object.hasOwn(object, key)) continue;
    if (only !== undefined) return undefined;
    only = key;
  }
  return only;
}

/** Even under "__proto__", which a plain assignment would take for the prototype. */
function setOwn(object: object, key: string, value: unknown): void {
  if (key !== "__proto__") (object as Record<string, unknown>)[key] = value;
  else
    Object.defineProperty(object, key, {
      value,
      enumerable: true,
      configurable: true,
      writable: true,
    });
}
