import * as core from "@tensorflow/tfjs-core";
import * as tf from "@tensorflow/tfjs-layers";
import { beforeAll, describe, expect, test } from "vitest";
import { randomFrom } from "../../src/core/random.ts";
import type { Examples } from "../../src/math/rows.ts";
import { denseGradient } from "../../src/math/slices/gradient-part.ts";
import { openTensorBackend } from "../../src/tfjs/backend.ts";
import { lookUpRows } from "../../src/tfjs/layers/table-rows.ts";
import { engineOf } from "./models.ts";

const [vocabulary, width, source, target] = [7, 4, 2, 1];

/** One table for a source, a target and the output: [batch, source and target] to [batch, V]. */
class TwoSides extends tf.layers.Layer {
  static readonly className = "TwoSides";
  private table!: ReturnType<TwoSides["addWeight"]>;

  override build(): void {
    const start = tf.initializers.randomNormal({ stddev: 0.5 });
    this.table = this.addWeight("table", [vocabulary, width], "float32", start);
    this.built = true;
  }

  tableWeights() {
    return [this.table];
  }

  override computeOutputShape(shape: (number | null)[]): (number | null)[] {
    return [shape[0]!, vocabulary];
  }

  override call(inputs: core.Tensor | core.Tensor[]): core.Tensor {
    const ids = core.cast(Array.isArray(inputs) ? inputs[0]! : inputs, "int32") as core.Tensor2D;
    const table = this.table.read() as core.Variable;
    const sumOf = (from: number, count: number) => {
      const own = core.slice(ids, [0, from], [-1, count]);
      const rows = lookUpRows(table, core.reshape(own, [own.size]) as core.Tensor1D);
      return core.sum(core.reshape(rows, [-1, count, width]), 1);
    };
    const hidden = core.add(core.tanh(sumOf(0, source)), sumOf(source, target));
    return core.matMul(hidden as core.Tensor2D, table as unknown as core.Tensor2D, false, true);
  }
}
core.serialization.registerClass(TwoSides as never);

/** The same in double precision, loop by loop. */
function lossOf(table: Float64Array, { rows, targets }: Examples): number {
  const ids = (rows as { values: Float32Array }).values;
  let loss = 0;
  for (const [row, right] of targets.entries()) {
    const at = (place: number, j: number) =>
      table[ids[row * (source + target) + place]! * width + j]!;
    const hidden = Array.from(
      { length: width },
      (_, j) => Math.tanh(at(0, j) + at(1, j)) + at(2, j),
    );
    const scores = Array.from({ length: vocabulary }, (_, id) =>
      hidden.reduce((sum, h, j) => sum + h * table[id * width + j]!, 0),
    );
    loss += Math.log(scores.reduce((sum, score) => sum + Math.exp(score), 0)) - scores[right]!;
  }
  return loss;
}

const examples: Examples = {
  rows: { kind: "dense", rows: 2, columns: 3, values: Float32Array.of(3, 5, 2, 3, 3, 6) },
  targets: Float32Array.of(4, 2),
};

function derivative(weights: Float32Array): Float64Array {
  const table = Float64Array.from(weights);
  const h = 1e-3;
  return table.map((value, at) => {
    const moved = (by: number) => lossOf(table.with(at, value + by), examples);
    return (moved(h) - moved(-h)) / (2 * h);
  });
}

beforeAll(() => openTensorBackend("wasm"));

describe.each(["wasm", "cpu"] as const)("on %s the gradient of a tied table", (backend) => {
  const engine = () =>
    engineOf(tf.sequential({ layers: [new TwoSides({ inputShape: [3] } as never)] }), backend);
  const apart = (a: ArrayLike<number>, b: Float64Array) =>
    Math.max(...b.map((value, i) => Math.abs(a[i]! - value)));

  test("is the derivative that double precision finds, to 1e-4", async () => {
    const own = await engine();
    const weights = own.initial(randomFrom(5));
    const gradient = new Float64Array(weights.length);
    const loss = own.lossAndGradient(examples, weights, gradient);
    expect(loss).toBeCloseTo(lossOf(Float64Array.from(weights), examples), 5);
    expect(apart(gradient, derivative(weights))).toBeLessThan(1e-4);
  });

  test("is the sum of three parts, and none of them may be left out", async () => {
    const own = await engine();
    const weights = own.initial(randomFrom(5));
    const [part] = own.slicedGradient(examples, weights, "gather")!.parts;
    if (part?.kind !== "slices") throw new Error("it is not gathered");
    const { ids, values } = part.slices;
    const places = [...ids.keys()];
    const [output, looked] = [places.slice(0, vocabulary), places.slice(vocabulary)];
    expect(output.map((at) => ids[at])).toEqual([...Array(vocabulary).keys()]);
    // A look-up is differentiated before those that came before it.
    const [targets, sources] = [looked.slice(0, 2), looked.slice(2)];
    expect([targets, sources].map((own) => own.map((at) => ids[at]))).toEqual([
      [2, 6],
      [3, 5, 3, 3],
    ]);
    const known = derivative(weights);
    const sumOf = (kept: readonly number[]) => {
      const all = denseOf(
        kept.map((at) => ids[at]!),
        kept.flatMap((at) => rowOf(values, at)),
      );
      return denseGradient([all], [{ shape: [vocabulary, width] }]);
    };
    expect(apart(sumOf(places), known)).toBeLessThan(1e-4);
    for (const left of [output, sources, targets])
      expect(apart(sumOf(places.filter((at) => !left.includes(at))), known)).toBeGreaterThan(0.1);
  });
});

const rowOf = (values: ArrayLike<number>, at: number) =>
  Array.from({ length: width }, (_, j) => values[at * width + j]!);

function denseOf(ids: readonly number[], values: readonly number[]) {
  const slices = { rows: vocabulary, columns: width, ids: Uint32Array.from(ids) };
  return { kind: "slices", slices: { ...slices, values: Float64Array.from(values) } } as const;
}
