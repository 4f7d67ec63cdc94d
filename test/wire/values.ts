import fc from "fast-check";
import type { Tensor, TensorArray } from "../../src/wire/safetensors.ts";

const kinds = [
  Float32Array,
  Float64Array,
  Int32Array,
  Uint32Array,
  Uint16Array,
  Int8Array,
  Uint8Array,
] as const;

/** Arrays of any type made of arbitrary bytes: NaN payloads, -0 and subnormals come up. */
export const anyArray: fc.Arbitrary<TensorArray> = fc
  .tuple(fc.constantFrom(...kinds), fc.uint8Array({ maxLength: 40 }), fc.boolean())
  .map(([kind, raw, within]) => {
    const size = kind.BYTES_PER_ELEMENT;
    const bytes = raw.slice(0, raw.length - (raw.length % size));
    if (!within) return new kind(bytes.buffer as ArrayBuffer, 0, bytes.length / size);
    // A view into a larger buffer: what lies around it must not come along.
    const larger = new Uint8Array(bytes.length + 2 * size).fill(0xaa);
    larger.set(bytes, size);
    return new kind(larger.buffer, size, bytes.length / size);
  });

/** Keys people write and keys nobody should: dots, marks of the wire, names objects inherit. */
const anyKey = fc.oneof(
  fc.string({ unit: "binary", maxLength: 6 }),
  fc.constantFrom("a", "b", "a.b", "a.b.0", "0", "", "value", "__proto__", "__metadata__"),
  fc.constantFrom("$tensor", "$number", "$$tensor", "$$$number", "toString", "constructor"),
);

/** Anything a state, a task or a reply may hold, at its top an object. */
export const anyValue: fc.Arbitrary<object> = fc.letrec<{ value: unknown; object: object }>(
  (tie) => ({
    value: fc.oneof(
      { maxDepth: 5 },
      fc.constantFrom(null, true, false, -0, Number.NaN, Infinity, -Infinity, 2 ** -1074),
      fc.double(),
      fc.string({ unit: "binary" }),
      anyArray,
      fc.array(tie("value"), { maxLength: 4 }),
      tie("object"),
    ),
    object: fc
      .array(fc.tuple(anyKey, tie("value")), { maxLength: 4 })
      .map((entries) => Object.fromEntries(entries)),
  }),
).object;

/** Tensors by name, shapes of up to three dimensions. */
export const anyTensors: fc.Arbitrary<Record<string, Tensor>> = fc
  .array(fc.tuple(anyKey, anyArray, fc.boolean()), { maxLength: 5 })
  .map((entries) =>
    Object.fromEntries(
      entries
        .filter(([name]) => name !== "__metadata__")
        .map(([name, data, tall]) => [
          name,
          { shape: tall ? [data.length, 1, 1] : [data.length], data },
        ]),
    ),
  );

/** A value as text that differs wherever a bit does. */
export function spelledOut(value: unknown): string {
  if (ArrayBuffer.isView(value)) {
    const bytes = Buffer.from(value.buffer, value.byteOffset, value.byteLength);
    return `${value.constructor.name}(${bytes.toString("hex")})`;
  }
  if (Array.isArray(value)) return `[${value.map(spelledOut).join()}]`;
  if (typeof value === "object" && value !== null) {
    const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
    return `{${entries.map(([key, item]) => `${JSON.stringify(key)}:${spelledOut(item)}`).join()}}`;
  }
  if (typeof value === "number") return Object.is(value, -0) ? "-0" : String(value);
  return JSON.stringify(value) ?? "undefined";
}
