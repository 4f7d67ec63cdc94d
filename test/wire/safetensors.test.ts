import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { RunError } from "../../src/core/errors.ts";
import { fromSafetensors, toSafetensors } from "../../src/wire/safetensors.ts";
import { anyTensors, spelledOut } from "./values.ts";

describe("safetensors", () => {
  test("gives back what went in, to the bit, wherever the bytes lie in memory", () => {
    const anyMetadata = fc.dictionary(fc.string(), fc.string(), { maxKeys: 3 });
    fc.assert(
      fc.property(anyTensors, anyMetadata, fc.nat(7), (tensors, metadata, shift) => {
        const bytes = toSafetensors(tensors, metadata);
        const moved = new Uint8Array(bytes.length + shift);
        moved.set(bytes, shift);
        const read = fromSafetensors(moved.subarray(shift));
        expect(spelledOut(read.tensors)).toBe(spelledOut(tensors));
        expect(spelledOut(read.metadata)).toBe(spelledOut(metadata));
      }),
      { numRuns: 500, seed: 1 },
    );
  });

  test("the same tensors make the same bytes, in whatever order they are named", () => {
    const [a, b, c] = [Float32Array.of(1), Float64Array.of(2), Uint8Array.of(3)].map((data) => ({
      shape: [1],
      data,
    }));
    const [first, second] = [
      { a: a!, b: b!, c: c! },
      { c: c!, b: b!, a: a! },
    ].map((tensors) => toSafetensors(tensors));
    expect(first).toEqual(second);
  });

  test("tensors lie where their item size divides the place: reading copies nothing", () => {
    const bytes = toSafetensors({
      odd: { shape: [3], data: Uint8Array.of(1, 2, 3) },
      wide: { shape: [2], data: Float64Array.of(1, 2) },
      half: { shape: [1], data: Uint16Array.of(7) },
    });
    for (const { data } of Object.values(fromSafetensors(bytes).tensors))
      expect(data.buffer).toBe(bytes.buffer);
  });

  test("a shape that does not hold the items, or the reserved name, is a fault of ours", () => {
    expect(() => toSafetensors({ a: { shape: [2], data: Float32Array.of(1) } })).toThrow(/shape/);
    const reserved = { __metadata__: { shape: [1], data: Float32Array.of(1) } };
    expect(() => toSafetensors(reserved)).toThrow(/__metadata__/);
  });
});

describe("what Python's safetensors 0.8.0 wrote", () => {
  const { tensors, metadata } = fromSafetensors(Buffer.from(fromPython(), "base64"));

  test("reads equal", () => {
    expect(metadata).toEqual({ format: "np", note: 'ä " \\ quotes' });
    const pi = Math.fround(Math.PI);
    const expected = {
      "a/f32": {
        shape: [2, 3],
        data: Float32Array.of(1.5, -0, Infinity, pi, -Infinity, 2 ** -149),
      },
      "b.f64": { shape: [3], data: Float64Array.of(0.1, -2.5e-308, 5e-324) },
      i32: { shape: [2], data: Int32Array.of(-(2 ** 31), 2 ** 31 - 1) },
      u32: { shape: [1, 1], data: Uint32Array.of(2 ** 32 - 1) },
      u16: { shape: [3], data: Uint16Array.of(65535, 1, 2) },
      i8: { shape: [3], data: Int8Array.of(-128, 127, 0) },
      u8: { shape: [1], data: Uint8Array.of(255) },
      empty: { shape: [0, 4], data: new Float32Array() },
      scalar: { shape: [], data: Float32Array.of(7.25) },
      größe: { shape: [1], data: Float32Array.of(1) },
    };
    expect(spelledOut(tensors)).toBe(spelledOut(expected));
  });

  test("is, written by us, as large, and reads the same again", () => {
    const ours = toSafetensors(tensors, metadata);
    expect(ours.length).toBe(Buffer.from(fromPython(), "base64").length);
    expect(spelledOut(fromSafetensors(ours))).toBe(spelledOut({ tensors, metadata }));
  });
});

describe("headers that lie", () => {
  const cases: [string, unknown, RegExp][] = [
    ["no object", [1], /not an object/],
    ["metadata of numbers", { __metadata__: { a: 1 } }, /metadata are not text/],
    ["nothing for a tensor", { a: null }, /unknown dtype/],
    ["an inherited name for a dtype", tensor({ dtype: "toString" }), /unknown dtype/],
    ["a negative size", tensor({ shape: [-1] }), /bad shape/],
    ["a size that is no whole number", tensor({ shape: [0.5] }), /bad shape/],
    ["sizes whose product overflows", tensor({ shape: [2 ** 40, 2 ** 40] }), /do not match/],
    ["offsets that run backwards", tensor({ data_offsets: [4, 0] }), /do not match/],
    ["three offsets", tensor({ data_offsets: [0, 4, 8] }), /bad offsets/],
    ["an end beyond the bytes", tensor({ shape: [9], data_offsets: [0, 36] }), /it ends at/],
    ["a gap before", tensor({ data_offsets: [4, 8] }), /gaps/],
    ["bytes nobody owns after", tensor({}), /end at/],
    ["one range twice", { ...tensor({}), b: tensor({}).a }, /overlap/],
  ];

  test.each(cases)("%s: refused", (_, header, message) => {
    const json = Buffer.from(JSON.stringify(header));
    const bytes = Buffer.concat([lengthBytes(json.length), json, Buffer.alloc(8)]);
    expect(() => fromSafetensors(bytes, "here")).toThrow(message);
    expect(() => fromSafetensors(bytes, "here")).toThrow(RunError);
  });

  test("a header's length beyond all bounds is refused before anything is read", () => {
    for (const length of [2n ** 64n - 1n, 2n ** 53n, 1000n]) {
      const bytes = Buffer.alloc(64);
      bytes.writeBigUInt64LE(length);
      expect(() => fromSafetensors(bytes)).toThrow(/header of \d+ bytes does not fit in 64/);
    }
  });

  test("text that is not UTF-8 is refused", () => {
    const bytes = Buffer.concat([lengthBytes(4), Buffer.of(0x22, 0xff, 0xfe, 0x22)]);
    expect(() => fromSafetensors(bytes)).toThrow(/not JSON/);
  });
});

function tensor(entry: object): { a: object } {
  return { a: { dtype: "F32", shape: [1], data_offsets: [0, 4], ...entry } };
}

function lengthBytes(length: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(length));
  return bytes;
}

/** `safetensors.numpy.save` of the tensors above, numpy 2.4. */
function fromPython(): string {
  return `
gAIAAAAAAAB7Il9fbWV0YWRhdGFfXyI6eyJub3RlIjoiw6QgXCIgXFwgcXVvdGVzIiwiZm9ybWF0IjoibnAifSwiYi5m
NjQiOnsiZHR5cGUiOiJGNjQiLCJzaGFwZSI6WzNdLCJkYXRhX29mZnNldHMiOlswLDI0XX0sImEvZjMyIjp7ImR0eXBl
IjoiRjMyIiwic2hhcGUiOlsyLDNdLCJkYXRhX29mZnNldHMiOlsyNCw0OF19LCJlbXB0eSI6eyJkdHlwZSI6IkYzMiIs
InNoYXBlIjpbMCw0XSwiZGF0YV9vZmZzZXRzIjpbNDgsNDhdfSwiZ3LDtsOfZSI6eyJkdHlwZSI6IkYzMiIsInNoYXBl
IjpbMV0sImRhdGFfb2Zmc2V0cyI6WzQ4LDUyXX0sInNjYWxhciI6eyJkdHlwZSI6IkYzMiIsInNoYXBlIjpbXSwiZGF0
YV9vZmZzZXRzIjpbNTIsNTZdfSwidTMyIjp7ImR0eXBlIjoiVTMyIiwic2hhcGUiOlsxLDFdLCJkYXRhX29mZnNldHMi
Ols1Niw2MF19LCJpMzIiOnsiZHR5cGUiOiJJMzIiLCJzaGFwZSI6WzJdLCJkYXRhX29mZnNldHMiOls2MCw2OF19LCJ1
MTYiOnsiZHR5cGUiOiJVMTYiLCJzaGFwZSI6WzNdLCJkYXRhX29mZnNldHMiOls2OCw3NF19LCJpOCI6eyJkdHlwZSI6
Ikk4Iiwic2hhcGUiOlszXSwiZGF0YV9vZmZzZXRzIjpbNzQsNzddfSwidTgiOnsiZHR5cGUiOiJVOCIsInNoYXBlIjpb
MV0sImRhdGFfb2Zmc2V0cyI6Wzc3LDc4XX19mpmZmZmZuT8NxkAsGPoRgAEAAAAAAAAAAADAPwAAAIAAAIB/2w9JQAAA
gP8BAAAAAACAPwAA6ED/////AAAAgP///3///wEAAgCAfwD/
`;
}
