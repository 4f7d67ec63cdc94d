import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { RunError } from "../../src/core/errors.ts";
import { fromJson, fromPacket, toJson, toJsonBytes, toPacket } from "../../src/wire/packet.ts";
import { toSafetensors } from "../../src/wire/safetensors.ts";
import { anyValue, spelledOut } from "./values.ts";

describe.each<{ form: string; roundTrip: (value: object) => unknown }>([
  { form: "a packet", roundTrip: (value) => fromPacket(toPacket(value)) },
  { form: "JSON", roundTrip: (value) => fromJson(toJson(value)) },
  { form: "parsed JSON", roundTrip: (value) => fromJson(JSON.parse(toJson(value))) },
  {
    form: "JSON made as bytes",
    roundTrip: (value) => fromJson(Buffer.from(toJsonBytes(value)).toString("utf8")),
  },
])("$form", ({ roundTrip }) => {
  test("gives back what went in, to the bit", () => {
    fc.assert(
      fc.property(anyValue, (value) => {
        expect(spelledOut(roundTrip(value))).toBe(spelledOut(value));
      }),
      { numRuns: 500, seed: 1 },
    );
  });

  test("takes an undefined key for an absent one and leaves its input alone", () => {
    const value = { a: undefined, b: Float32Array.of(1), c: { d: undefined } };
    const before = structuredClone(value);
    expect(roundTrip(value)).toEqual({ b: Float32Array.of(1), c: {} });
    expect(value).toEqual(before);
  });

  test("keeps arrays apart whose paths read the same", () => {
    const value = {
      "a.b": Float32Array.of(1),
      a: { b: Float32Array.of(2), "b#2": Float32Array.of(3) },
      "a.b#2": Float32Array.of(4),
    };
    expect(roundTrip(value)).toEqual(value);
  });

  test("keeps keys that mean something on the wire or to objects", () => {
    for (const key of ["$tensor", "$number", "$$tensor", "__metadata__", "__proto__"]) {
      for (const item of ["NaN", 3, Float32Array.of(5), { [key]: "x" }]) {
        const value = Object.fromEntries([[key, item]]);
        const returned = roundTrip(value) as object;
        expect(spelledOut(returned)).toBe(spelledOut(value));
        expect(Object.getPrototypeOf(returned)).toBe(Object.prototype);
      }
    }
  });
});

test("what is read leaves the parsed text as it is, and may be read again", () => {
  const value = { a: [{ b: -0, kept: { c: 1 } }], d: Float32Array.of(1), $$tensor: { $tensor: 2 } };
  const text = toJson(value);
  const given = JSON.parse(text) as unknown;
  for (let turn = 0; turn < 2; turn++) expect(fromJson(given)).toEqual(value);
  expect(JSON.stringify(given)).toBe(text);
});

test("the same value makes the same bytes", () => {
  const value = { b: Float64Array.of(1), a: [Uint8Array.of(1, 2, 3), { c: Float32Array.of(2) }] };
  expect(toPacket(structuredClone(value))).toEqual(toPacket(value));
});

describe("bytes from anywhere", () => {
  const state = { round: 7, weights: Float32Array.of(1, -0, 3), pairs: [Float64Array.of(0.5)] };
  const packet = toPacket(state);

  test("a packet cut short anywhere is refused with its place", () => {
    for (let length = 0; length < packet.length; length++) {
      const thrown = thrownBy(() => fromPacket(packet.slice(0, length), "runs/a1/state"));
      expect(thrown).toBeInstanceOf(RunError);
      expect((thrown as RunError).message).toMatch(/^runs\/a1\/state: /);
    }
    expect(thrownBy(() => fromPacket(Buffer.concat([packet, Buffer.of(0)])))).toMatchObject({
      code: "bad-safetensors",
    });
  });

  test("damage is refused or reads as some value; nothing else is ever thrown", () => {
    const damage = fc.array(fc.tuple(fc.nat(packet.length - 1), fc.integer({ min: 0, max: 255 })), {
      minLength: 1,
      maxLength: 4,
    });
    fc.assert(
      fc.property(damage, (changes) => {
        const damaged = packet.slice();
        for (const [at, byte] of changes) damaged[at] = byte;
        onlyRunErrors(() => fromPacket(damaged));
      }),
      { numRuns: 3000, seed: 2 },
    );
  });

  test("any JSON at all is refused or reads as some value", () => {
    const marked = fc.letrec<{ value: unknown }>((tie) => ({
      value: fc.oneof(
        { maxDepth: 4 },
        fc.jsonValue(),
        fc.dictionary(
          fc.constantFrom("$tensor", "$number", "dtype", "base64", "toString", "valueOf"),
          tie("value"),
          { maxKeys: 3 },
        ),
        fc.constantFrom("F32", "F64", "AAAA", "AAAAAA==", "not base64!"),
      ),
    })).value;
    fc.assert(
      fc.property(marked, (json) => {
        onlyRunErrors(() => fromJson(JSON.stringify(json)));
        onlyRunErrors(() => fromPacket(toSafetensors({}, { plain: JSON.stringify(json) })));
      }),
      { numRuns: 3000, seed: 3 },
    );
  });

  test.each([
    ['{"a":{"$tensor":{"toString":1}}}', /malformed array/],
    ['{"a":{"$tensor":{"dtype":"F32","base64":"AAA="}}}', /cut short/],
    ['{"a":{"$tensor":{"dtype":"constructor","base64":""}}}', /malformed array/],
    ['{"a":{"$number":{"valueOf":1,"toString":1}}}', /malformed number/],
    ['{"a":{"$number":"12"}}', /malformed number/],
    ["{", /not JSON/],
    [`${"[".repeat(5000)}${"]".repeat(5000)}`, /nested deeper than 200/],
  ])("refused, number %#", (json, message) => {
    expect(() => fromJson(json)).toThrow(message);
    expect(thrownBy(() => fromJson(json))).toMatchObject({ code: "bad-packet" });
  });

  test.each([
    [{ plain: '{"a":{"$tensor":"missing"}}' }, /names a tensor it does not hold/],
    [{ plain: '{"a":{"$tensor":{"toString":1}}}' }, /names a tensor it does not hold/],
    [{}, /not JSON/],
  ])("a safetensors object with metadata %j is no packet", (metadata, message) => {
    expect(() => fromPacket(toSafetensors({}, metadata as never))).toThrow(message);
  });
});

function thrownBy(act: () => unknown): unknown {
  try {
    act();
  } catch (thrown) {
    return thrown;
  }
  return undefined;
}

function onlyRunErrors(act: () => unknown): void {
  const thrown = thrownBy(act);
  if (thrown !== undefined) expect(thrown).toBeInstanceOf(RunError);
}
