import { describe, expect, test } from "vitest";
import type { RunError } from "../../src/core/errors.ts";
import { encodeData } from "../../src/data/encode/encode.ts";
import type { DataInput } from "../../src/data/options.ts";
import { readExamples } from "../../src/data/parts/load-parts.ts";
import { encodings } from "../../src/encoding/registry.ts";
import { wasmMatrixOf } from "../../src/math/kernels/wasm-matrix.ts";
import type { Storage } from "../../src/math/packing.ts";
import type { Store } from "../../src/ports/store.ts";
import { resolveMembers } from "../../src/run/resolve-members.ts";
import { resolveSpec } from "../../src/run/resolve-spec.ts";
import { fromSafetensors } from "../../src/wire/safetensors.ts";
import { prepared, refusal } from "./fixtures.ts";

const made: DataInput = { generate: { type: "regression", rows: 1500, features: 60, noise: 1 } };

/** Encodes into a store that has the float32 shards already. */
async function shards(storage: Storage, chosen: { type: string }, store: Store) {
  const data = await prepared({}, made, { store });
  const encoding = encodings.create(chosen);
  const request = { encoding, chosen: encodings.resolve(chosen, "encoding"), workers: 2, seed: 1 };
  const encoded = await encodeData(data.prepared, { ...request, storage }, store);
  const rows = await Promise.all(
    encoded.slots.map(({ parts }) => readExamples(store, parts, encoded.columns)),
  );
  return { encoded, rows };
}

describe.each([
  ["bfloat16", "hadamard"],
  ["int8", "hadamard"],
  ["int8", "uncoded"],
] as const)("features stored as %s, encoded by %s", (storage, type) => {
  test("stay within the error that the manifest states, targets as they are", async () => {
    const { store } = await prepared({}, made);
    const exact = await shards("float32", { type }, store);
    const packed = await shards(storage, { type }, store);
    expect(exact.encoded.storage).toBeUndefined();
    expect(packed.encoded.digest).not.toBe(exact.encoded.digest);
    let squares = 0;
    let squaredErrors = 0;
    for (const [slot, { rows, targets }] of packed.rows.entries()) {
      const [was, is] = [exact.rows[slot]!.rows.values, rows.values];
      expect(targets).toEqual(exact.rows[slot]!.targets);
      // Twice as many rows are large enough for a kernel's memory; others are unpacked.
      expect(wasmMatrixOf(rows) !== undefined).toBe(type === "hadamard");
      let worst = 0;
      for (const [at, value] of was.entries()) {
        squares += value * value;
        squaredErrors += (is[at]! - value) ** 2;
        if (value !== 0) worst = Math.max(worst, Math.abs(is[at]! / value - 1));
      }
      if (storage === "bfloat16") expect(worst).toBeLessThanOrEqual(2 ** -8);
    }
    const { type: told, relativeError } = packed.encoded.storage!;
    expect(told).toBe(storage);
    expect(relativeError).toBeGreaterThan(1e-4);
    expect(relativeError).toBeLessThan(2 ** -6);
    expect(Math.abs(relativeError / Math.sqrt(squaredErrors / squares) - 1)).toBeLessThan(1e-9);
  });

  test("take so much less room, in a format that others read", async () => {
    const { store } = await prepared({}, made);
    const exact = await shards("float32", { type }, store);
    const packed = await shards(storage, { type }, store);
    const part = packed.encoded.slots[0]!.parts[0]!;
    const itemBytes = storage === "int8" ? 1 : 2;
    const saved = part.bytes / exact.encoded.slots[0]!.parts[0]!.bytes;
    expect(saved).toBeLessThan(itemBytes / 4 + 0.05);
    const bytes = (await store.read(part.key))!;
    const header = new TextDecoder().decode(bytes.subarray(8, 400));
    expect(header).toContain(storage === "int8" ? '"I8"' : '"BF16"');
    const { values, scales } = fromSafetensors(bytes).tensors;
    expect(values!.data.BYTES_PER_ELEMENT).toBe(itemBytes);
    expect(scales === undefined).toBe(storage === "bfloat16");
  });
});

describe("packed shards are refused", () => {
  test("of sparse rows", async () => {
    const file = { "a.svm": "1 1:2 3:1\n0 2:1\n1 3:4\n" };
    const { prepared: data, store } = await prepared(file, { source: "a.svm" });
    const chosen = encodings.resolve({ type: "uncoded" }, "encoding");
    const encoding = encodings.create(chosen);
    const request = { encoding, chosen, workers: 1, seed: 1, storage: "int8" } as const;
    expect(await refusal(encodeData(data, request, store))).toMatchObject({ code: "not-packed" });
  });

  test.each([
    ["the strategy stores no rows", { strategy: "encoded-blocks" }],
    ["workers encode", { encoding: { type: "hadamard", encode: "workers" } }],
  ])("where %s", (_why, choice) => {
    const data = { ...made, storage: "int8" };
    const spec = resolveSpec({ problem: "ridge", data, workers: 4, ...choice });
    expect(() => resolveMembers(spec)).toThrow(
      expect.objectContaining<Partial<RunError>>({ code: "not-packed" }),
    );
    expect(resolveMembers({ ...spec, data: { ...spec.data, storage: "float32" } })).toBeDefined();
  });

  test("where a part's scales are missing", async () => {
    const { store } = await prepared({}, made);
    const { encoded } = await shards("int8", { type: "uncoded" }, store);
    const part = encoded.slots[0]!.parts[0]!;
    const wrong = readExamples(store, [{ ...part, rows: part.rows - 1 }], encoded.columns);
    expect(await refusal(wrong)).toMatchObject({ code: "bad-part" });
  });
});
