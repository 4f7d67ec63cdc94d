import * as core from "@tensorflow/tfjs-core";
import * as tf from "@tensorflow/tfjs-layers";
import { beforeAll, describe, expect, test } from "vitest";
import { randomFrom } from "../../src/core/random.ts";
import type { Examples } from "../../src/math/rows.ts";
import { denseGradient, squaredNorm } from "../../src/math/slices/gradient-part.ts";
import { type PresentRows, presentRows } from "../../src/math/slices/present.ts";
import { openTensorBackend } from "../../src/tfjs/backend.ts";
import type { Engine } from "../../src/tfjs/engine.ts";
import { lookUpRows } from "../../src/tfjs/layers/table-rows.ts";
import { engineOf, models } from "./models.ts";

const { layers } = tf;
const vocabulary = 300;

beforeAll(() => openTensorBackend("wasm"));

/** A table that is looked up and, transposed, gives the scores: [batch, tokens] to [batch, V]. */
class TiedScores extends layers.Layer {
  static readonly className = "TiedScores";
  private table!: ReturnType<TiedScores["addWeight"]>;

  override build(): void {
    const start = tf.initializers.randomNormal({ stddev: 0.3 });
    this.table = this.addWeight("table", [vocabulary, 4], "float32", start);
    this.built = true;
  }

  tableWeights() {
    return [this.table];
  }

  override computeOutputShape(shape: (number | null)[]): (number | null)[] {
    return [shape[0]!, vocabulary];
  }

  override call(inputs: core.Tensor | core.Tensor[]): core.Tensor {
    const ids = Array.isArray(inputs) ? inputs[0]! : inputs;
    const table = this.table.read() as core.Variable;
    const flat = core.reshape(core.cast(ids, "int32"), [ids.size]) as core.Tensor1D;
    const rows = core.reshape(lookUpRows(table, flat), [...ids.shape, 4]);
    const hidden = core.tanh(core.sum(rows, 1)) as core.Tensor2D;
    return core.matMul(hidden, table as unknown as core.Tensor2D, false, true);
  }
}
core.serialization.registerClass(TiedScores as never);

const embedding = (config: object = {}) =>
  layers.embedding({ inputDim: vocabulary, outputDim: 4, ...config });

const networks: Readonly<Record<string, () => tf.LayersModel>> = {
  "an embedding": () =>
    tf.sequential({
      layers: [embedding({ inputLength: 6 }), layers.flatten(), layers.dense({ units: 5 })],
    }),
  "an embedding that masks": () =>
    tf.sequential({
      layers: [embedding({ maskZero: true, inputLength: 6 }), layers.lstm({ units: 5 })],
    }),
  "one table used twice, beside another": () => {
    const input = tf.input({ shape: [6] });
    const table = embedding();
    const once = table.apply(input) as tf.SymbolicTensor;
    const other = embedding().apply(input) as tf.SymbolicTensor;
    const turned = layers.dense({ units: 4 }).apply(once) as tf.SymbolicTensor;
    const again = table.apply(input) as tf.SymbolicTensor;
    const sum = layers.add().apply([turned, again, other]) as tf.SymbolicTensor;
    const flat = layers.flatten().apply(sum);
    return tf.model({ inputs: input, outputs: layers.dense({ units: 5 }).apply(flat) as never });
  },
  "an embedding before batch normalization and dropout": () =>
    tf.sequential({
      layers: [
        embedding({ inputLength: 6 }),
        layers.flatten(),
        layers.batchNormalization(),
        layers.dropout({ rate: 0.5 }),
        layers.dense({ units: 5 }),
      ],
    }),
  "a penalty on the table": () =>
    tf.sequential({
      layers: [
        embedding({ inputLength: 6, embeddingsRegularizer: tf.regularizers.l2({ l2: 0.01 }) }),
        layers.flatten(),
        layers.dense({ units: 5 }),
      ],
    }),
  "a tied output": () => tf.sequential({ layers: [new TiedScores({ inputShape: [6] } as never)] }),
};

/** Row 0 is padding, and one id stands 50 times. */
function tokens(count: number, seed: string): Examples {
  const random = randomFrom(seed);
  const values = Float32Array.from({ length: count * 6 }, () => random.integer(40));
  values.fill(17, 0, 50);
  values.fill(0, 60, 66);
  const targets = Float32Array.from({ length: count }, () => random.integer(5));
  return { rows: { kind: "dense", rows: count, columns: 6, values }, targets };
}

function both(engine: Engine, examples: Examples, shapes: readonly { shape: number[] }[]) {
  const weights = engine.initial(randomFrom(5));
  const dense = new Float64Array(weights.length);
  const loss = engine.lossAndGradient(examples, weights, dense, randomFrom("draws"));
  const sliced = (form: "auto" | "gather") =>
    engine.slicedGradient(examples, weights, form, randomFrom("draws"))!;
  const auto = sliced("auto");
  return { loss, dense, auto, gather: sliced("gather"), whole: denseGradient(auto.parts, shapes) };
}

const shapesOf = (model: tf.LayersModel) => {
  const trained = model.trainableWeights.map((weight) => ({ shape: weight.shape.map(Number) }));
  const observed = model.nonTrainableWeights.map((w) => ({ shape: w.shape.map(Number) }));
  return [...trained, ...observed];
};

describe.each(["wasm", "cpu"] as const)("on %s", (backend) => {
  test.each(Object.entries(networks))(
    "%s: by rows, the gradient is the dense one to the bit",
    async (name, build) => {
      const model = build();
      const shapes = shapesOf(model);
      const engine = await engineOf(model, backend);
      // Two batches of rows.
      const { loss, dense, auto, gather, whole } = both(engine, tokens(300, name), shapes);
      expect(auto.loss).toBe(loss);
      expect(whole).toEqual(dense);
      const gathered = denseGradient(gather.parts, shapes);
      const largest = Math.max(...dense.map(Math.abs));
      const apart = Math.max(...gathered.map((value, i) => Math.abs(value - dense[i]!)));
      expect(apart).toBeLessThan(1e-6 * largest);
      expect(largest).toBeGreaterThan(0.1);
      const reason = /penalty|tied/.exec(name)?.[0];
      for (const { tensor, rows, dense: why } of auto.tables) {
        expect(why).toBe(reason);
        expect(auto.parts[tensor]!.kind).toBe(why === undefined ? "slices" : "dense");
        expect(rows).toBe(why === undefined ? 40 : vocabulary);
      }
      expect(auto.tables.length).toBe(name.includes("another") ? 2 : 1);
    },
  );
});

test("a network without a table has no rows to tell", async () => {
  const engine = await engineOf(models["a depthwise net"]!(), "wasm");
  expect(
    engine.slicedGradient(tokens(3, "none"), engine.initial(randomFrom(1)), "auto"),
  ).toBeNull();
});

test("no tensors are left behind, nor a pass open", async () => {
  const engine = await engineOf(networks["an embedding"]!(), "wasm");
  const weights = engine.initial(randomFrom(5));
  const step = () => engine.slicedGradient(tokens(9, "left"), weights, "auto");
  step();
  const before = core.memory().numTensors;
  step();
  expect(core.memory().numTensors).toBe(before);
});

test("only rows that moved are read, unless other weights came between", async () => {
  const model = networks["one table used twice, beside another"]!();
  const engine = await engineOf(model, "wasm");
  const [few, examples] = [tokens(2, "few"), tokens(30, "moved")];
  const weights = engine.initial(randomFrom(5));
  const gradient = (of: Examples, moved?: PresentRows) =>
    engine.slicedGradient(of, weights, "auto", randomFrom("draws"), moved)!;
  const shapes = shapesOf(model);
  for (let step = 0; step < 4; step++) {
    const { parts } = gradient(few);
    const rows = presentRows(parts);
    expect(rows.some((ids) => ids !== null)).toBe(true);
    const whole = denseGradient(parts, shapes);
    for (let i = 0; i < weights.length; i++) weights[i]! -= 0.01 * whole[i]!;
    // Another's weights: what moved since says nothing of those.
    if (step % 2 === 1)
      engine.outputs(
        examples.rows,
        weights.map(() => 1),
      );
    const found = denseGradient(gradient(examples, rows).parts, shapes);
    expect(found).toEqual(denseGradient(gradient(examples).parts, shapes));
  }
  // A row that moved and was not told of is not seen: the rest is not read again.
  const before = gradient(examples);
  weights[4 * 17]! += 1;
  const unseen = gradient(
    examples,
    presentRows(before.parts).map((ids) => ids?.slice(0, 0) ?? null),
  );
  expect(unseen.loss).toBe(before.loss);
  expect(gradient(examples).loss).not.toBe(before.loss);
});

describe("the tied gradient", () => {
  test("is the derivative, and the sum of its parts, none of which is nothing", async () => {
    const model = networks["a tied output"]!();
    const engine = await engineOf(model, "cpu");
    const examples = tokens(3, "tied");
    const weights = engine.initial(randomFrom(5));
    const { dense, gather } = both(engine, examples, shapesOf(model));
    for (const at of [17 * 4, 0, 4 * 5 + 1, 4 * 299]) {
      const moved = (by: number) => {
        const there = weights.slice();
        there[at]! += by;
        return engine.lossAndGradient(examples, there, new Float64Array(weights.length));
      };
      const slope = (moved(1e-2) - moved(-1e-2)) / 2e-2;
      expect(Math.abs(slope - dense[at]!)).toBeLessThan(2e-3 * (1 + Math.abs(slope)));
    }
    const part = gather.parts[0]!;
    expect(part.kind === "slices" && part.slices.ids.length).toBe(vocabulary + 3 * 6);
  });
});

test("a record is clipped by the norm of its merged rows, whatever it repeats", async () => {
  const model = networks["an embedding"]!();
  const engine = await engineOf(model, "wasm");
  const weights = engine.initial(randomFrom(5));
  const values = Float32Array.of(2, 2, 2, 1, 2, 2);
  const rows = { kind: "dense", rows: 1, columns: 6, values } as const;
  const record: Examples = { rows, targets: Float32Array.of(3) };
  const { parts } = engine.slicedGradient(record, weights, "auto")!;
  const norm = Math.sqrt(squaredNorm(parts));
  const gathered = engine.slicedGradient(record, weights, "gather")!.parts;
  // What it would be taken for before rows of one token are added up.
  expect(Math.abs(Math.sqrt(squaredNorm(gathered)) - norm)).toBeGreaterThan(0.01 * norm);
  const clipped = new Float64Array(weights.length);
  engine.addClipped(record, weights, norm / 3, clipped);
  expect(Math.hypot(...clipped)).toBeLessThanOrEqual(norm / 3);
  expect(Math.hypot(...clipped)).toBeGreaterThan((norm / 3) * (1 - 1e-6));
});
