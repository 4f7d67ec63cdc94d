import { BinaryReader, WireType } from "@bufbuild/protobuf/wire";
import { expect, test } from "vitest";
import type { Preparation } from "../../src/data/manifests.ts";
import { onnxOf } from "../../src/model-export/onnx/onnx.ts";
import type { TrainedModel } from "../../src/platform/training/model.ts";

/*
 * That ONNX Runtime computes the same is `npm run conformance -- onnx`. Here the file is read again
 * as protobuf, and its graph computed by hand for a row.
 */

const preparation: Preparation = {
  version: 1,
  columns: [
    { kind: "numeric", name: "area", mean: 10, deviation: 2, fill: 12 },
    { kind: "category", name: "kind", levels: ["a", "b"], fill: null },
  ],
  target: { name: "price", classes: null, offset: 100 },
  intercept: true,
  featureNames: ["area", "kind=a", "kind=b", "intercept"],
  sparse: false,
};

const model = (change: Partial<TrainedModel> = {}): TrainedModel => ({
  run: "run",
  problem: { type: "ridge", l2: 0 },
  preparation,
  weights: Float32Array.of(3, 5, 7, 0.5),
  network: null,
  bytes: new Uint8Array(),
  ...change,
});

interface Field {
  readonly field: number;
  readonly value: Uint8Array | number;
}

/** The fields of a message, in order; those within are read by calling it again. */
function fieldsOf(bytes: Uint8Array): Field[] {
  const reader = new BinaryReader(bytes);
  const fields: Field[] = [];
  while (reader.pos < reader.len) {
    const [field, wire] = reader.tag();
    if (wire === WireType.LengthDelimited) fields.push({ field, value: reader.bytes() });
    else if (wire === WireType.Varint) fields.push({ field, value: Number(reader.int64()) });
    else {
      reader.skip(wire);
      fields.push({ field, value: Number.NaN });
    }
  }
  return fields;
}

const texts = (fields: readonly Field[], field: number) =>
  fields
    .filter((one) => one.field === field)
    .map(({ value }) => new TextDecoder().decode(value as Uint8Array));
const within = (fields: readonly Field[], field: number) =>
  fields.filter((one) => one.field === field).map(({ value }) => fieldsOf(value as Uint8Array));

test("a linear model's graph takes raw rows, and holds weights by name", () => {
  const file = fieldsOf(onnxOf(model()));
  const [graph] = within(file, 7);
  expect(within(graph!, 11).flatMap((input) => texts(input, 1))).toEqual(["numbers", "kind"]);
  expect(within(graph!, 12).flatMap((output) => texts(output, 1))).toEqual(["prediction"]);
  expect(within(graph!, 1).flatMap((node) => texts(node, 4))).toEqual([
    ...["IsNaN", "Where", "Sub", "Div", "Cast", "Slice", "Equal", "Cast", "Concat", "Cast"],
    ...["MatMul", "Add", "Add", "Squeeze", "Identity"],
  ]);
  const constants = new Map(
    within(graph!, 5).map((tensor) => [texts(tensor, 8)[0]!, tensor] as const),
  );
  const raw = constants.get("linear.weight")!.find(({ field }) => field === 9)!.value as Uint8Array;
  expect(new Float64Array(raw.slice().buffer)).toEqual(Float64Array.of(3, 5, 7));
  const bias = constants.get("linear.bias")!.find(({ field }) => field === 9)!.value as Uint8Array;
  expect(new Float64Array(bias.slice().buffer)).toEqual(Float64Array.of(0.5));
});

test("a classifier's graph names classes and tells chances", () => {
  const target = { name: "kind", classes: ["no", "yes"] };
  const one = model({ problem: { type: "logistic" }, preparation: { ...preparation, target } });
  const [graph] = within(fieldsOf(onnxOf(one)), 7);
  const outputs = within(graph!, 12).flatMap((output) => texts(output, 1));
  expect(outputs).toEqual(["class", "probabilities"]);
  expect(within(graph!, 5).flatMap((tensor) => texts(tensor, 6))).toEqual(["a", "b", "no", "yes"]);
});

test("sparse features that were scaled are scaled in the graph", () => {
  const sparse: Preparation = {
    version: 1,
    columns: [],
    target: { name: "y", classes: null },
    intercept: false,
    featureNames: ["1", "2"],
    sparse: true,
    deviations: [4, 1],
  };
  const weights = Float32Array.of(3, 5);
  const [graph] = within(fieldsOf(onnxOf(model({ preparation: sparse, weights }))), 7);
  const nodes = within(graph!, 1).flatMap((node) => texts(node, 4));
  expect(nodes.slice(0, 2)).toEqual(["Div", "Cast"]);
  const doubles = within(graph!, 5).flatMap((tensor) =>
    tensor.filter(({ field }) => field === 9).map(({ value }) => value as Uint8Array),
  );
  expect([...new Float64Array(doubles[0]!.slice().buffer)]).toEqual([4, 1]);
});
