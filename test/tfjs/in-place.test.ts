import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, test } from "vitest";
import { randomFrom } from "../../src/core/random.ts";
import { mergeSlices } from "../../src/math/slices/merge.ts";
import { openTensorBackend, useBackend } from "../../src/tfjs/backend.ts";
import { mergedInPlace } from "../../src/tfjs/kernels/merged-rows.ts";
import { openTableWalk } from "../../src/tfjs/table-walk.ts";

/** Of the backend's memory. */
interface Wasm {
  readonly wasm: { readonly HEAPU8: Uint8Array<ArrayBuffer> };
  readonly dataIdMap: { get(id: object): { readonly memoryOffset: number } };
}

beforeAll(async () => useBackend(await openTensorBackend("wasm")));

function normals(length: number): Float32Array<ArrayBuffer> {
  const random = randomFrom(`in place/${length}`);
  const values = Float32Array.from({ length }, () => random.normal());
  values[0] = -0;
  return values;
}

/** Every number, negative zeros told apart. */
const bitsOf = (values: ArrayLike<number>) => [
  ...new Uint32Array(Float32Array.from(values).buffer),
];

const reductions: { shape: number[]; axes: number[] }[] = [
  { shape: [6, 8, 128], axes: [1] },
  { shape: [5, 3], axes: [0] },
  { shape: [3, 700, 20], axes: [1] },
  { shape: [4, 5, 6, 17], axes: [1, 2] },
  { shape: [4, 5, 6], axes: [0, 1] },
  { shape: [2, 3, 1, 35], axes: [-2, -3] },
];

describe.each([
  ["mean", tf.mean],
  ["sum", tf.sum],
] as const)("a %s over axes before the last", (_name, reduced) => {
  test.each(reductions)(
    "has the bits of the stock kernel over last ones: %j",
    ({ shape, axes }) => {
      const places = axes.map((axis) => (axis < 0 ? axis + shape.length : axis)).sort();
      const kept = shape.map((_, axis) => axis).filter((axis) => !places.includes(axis));
      const x = tf.tensor(normals(shape.reduce((a, b) => a * b, 1)), [...shape]);
      const turned = tf.transpose(x, [...kept, ...places]);
      const last = places.map((_, i) => kept.length + i);
      const stock = reduced(turned, last);
      for (const keepDims of [false, true]) {
        const own = reduced(x, [...axes], keepDims);
        expect(own.shape).toEqual(
          shape.flatMap((side, axis) => (kept.includes(axis) ? [side] : keepDims ? [1] : [])),
        );
        expect(bitsOf(own.dataSync())).toEqual(bitsOf(stock.dataSync()));
      }
    },
  );
});

test("a mean of everything, and of no axis, is the stock kernel's", () => {
  const x = tf.tensor(Float32Array.of(1, 2, 3, 6), [2, 2]);
  expect([...tf.mean(x).dataSync()]).toEqual([3]);
  expect([...tf.sum(x, []).dataSync()]).toEqual([1, 2, 3, 6]);
  expect([...tf.sum(tf.tensor([3, 4], [2, 1], "int32"), 0).dataSync()]).toEqual([7]);
});

test.each(reductions)("the gradient of a mean is that of ones over their number: %j", (one) => {
  const x = tf.tensor(normals(one.shape.reduce((a, b) => a * b, 1)), [...one.shape]);
  const slopes = tf.mean(tf.mul(x, 3.1), [...one.axes], true);
  const means = (at: tf.Tensor) => tf.mean(at, [...one.axes], true);
  const own = tf.grads(means)([x], slopes)[0]!;
  const terms = x.size / slopes.size;
  const stock = tf.div(tf.mul(slopes, tf.ones(x.shape)), terms);
  expect(bitsOf(own.dataSync())).toEqual(bitsOf(stock.dataSync()));
});

describe("rows added up where the backend has them", () => {
  // Of so many rows ids are sorted, of few each has its mark.
  test.each([
    [1, 90],
    [4, 2 ** 31],
    [33, 90],
    [128, 90],
  ])("of %i columns, %i rows, are merged slices, from zero on", (columns, rows) => {
    const random = randomFrom(`ids/${columns}`);
    const ids = Uint32Array.from({ length: 700 }, () => Math.floor(90 * random.uniform() ** 2));
    const values = normals(ids.length * columns);
    values.fill(-0, 0, columns);
    const tensor = tf.tensor(values, [ids.length, columns]);
    const before = tf.engine().backend.numDataIds();
    const inPlace = mergedInPlace({ rows, columns, ids }, tensor)!;
    const merged = { ids: inPlace.ids, values: inPlace.values };
    inPlace.free();
    expect(tf.engine().backend.numDataIds()).toBe(before);
    const known = mergeSlices({ rows, columns, ids, values });
    expect(merged.ids).toEqual(known.ids);
    expect(bitsOf(merged.values)).toEqual(bitsOf(known.values.map((value) => value + 0)));
  });

  test("rows whose ids are there once stand where they stood, and no sum is made of them", () => {
    const ids = Uint32Array.of(7, 2, 7, 4);
    const slopes = tf.tensor(normals(12), [4, 3]);
    const merged = mergedInPlace({ rows: 9, columns: 3, ids }, slopes)!;
    const { wasm, dataIdMap } = tf.backend() as unknown as Wasm;
    const begin = dataIdMap.get(slopes.dataId).memoryOffset;
    const places = new Uint32Array(wasm.HEAPU8.buffer, merged.places, 3);
    expect([...merged.ids]).toEqual([2, 4, 7]);
    expect([...places.subarray(0, 2)]).toEqual([begin + 12, begin + 36]);
    expect(places[2]! < begin || places[2]! >= begin + 48).toBe(true);
    merged.free();
  });

  test("a row that stands alone moves a table as a sum from zero on: by 0 where it has -0", () => {
    const variable = tf.variable(tf.tensor(Float32Array.of(1, 2, -0, -0, 5, 6), [3, 2]));
    const ids = Uint32Array.of(0, 1, 0);
    const values = Float32Array.of(1, 1, -0, -0, 1, 1);
    const gradientHere = () => {
      const slices = mergedInPlace({ rows: 3, columns: 2, ids }, tf.tensor(values, [3, 2]))!;
      return { loss: 0, parts: [{ kind: "slices", slices }], tables: [] };
    };
    const slots = [{ variable }] as never;
    const walk = openTableWalk(
      { slots, tables: [{ at: 0 }] as never },
      variable.dataSync() as Float32Array,
      gradientHere as never,
    )!;
    walk.step({ targets: new Float32Array(2) } as never, 0.5, null as never);
    expect(bitsOf(variable.dataSync())).toEqual(bitsOf([0.5, 1.5, -0, -0, 5, 6]));
    walk.close();
  });

  test("is left to others where there is nothing to add up, and on other backends", async () => {
    const of = { rows: 9, columns: 2 };
    const values = tf.tensor(normals(4), [2, 2]);
    expect(mergedInPlace({ ...of, ids: Uint32Array.of(1, 5) }, values)).toBeNull();
    useBackend(await openTensorBackend("cpu"));
    expect(mergedInPlace({ ...of, ids: Uint32Array.of(5, 5) }, values)).toBeNull();
    useBackend(await openTensorBackend("wasm"));
  });
});
