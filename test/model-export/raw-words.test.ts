import { expect, test } from "vitest";
import { datePartNames } from "../../src/data/date-parts.ts";
import type { DenseWindow } from "../../src/data/formats/table.ts";
import { fixedLevels } from "../../src/data/formats/table.ts";
import type { ColumnPlan, Preparation } from "../../src/data/manifests.ts";
import { featureNamesOf, featureWriter } from "../../src/data/prepare/features.ts";
import { elementTypes, graphBuilder, type OnnxGraph } from "../../src/model-export/onnx/graph.ts";
import { rawRows } from "../../src/model-export/onnx/raw-rows.ts";

/* That ONNX Runtime computes the same is `npm run conformance -- onnx`; here nodes are followed. */

type Cell = number | string;
interface Matrix {
  readonly shape: readonly [number, number];
  readonly data: readonly Cell[];
}

type Compute = (...cells: never[]) => Cell;

const at = ({ shape, data }: Matrix, row: number, column: number) =>
  data[(shape[0] === 1 ? 0 : row) * shape[1] + (shape[1] === 1 ? 0 : column)]!;

function broadcast(matrices: readonly Matrix[], of: Compute): Matrix {
  const rows = Math.max(...matrices.map(({ shape }) => shape[0]));
  const columns = Math.max(...matrices.map(({ shape }) => shape[1]));
  const data = Array.from({ length: rows * columns }, (_, i) =>
    of(...(matrices.map((one) => at(one, Math.floor(i / columns), i % columns)) as never[])),
  );
  return { shape: [rows, columns], data };
}

const cellwise: Readonly<Record<string, Compute>> = {
  Sub: (a: number, b: number) => a - b,
  Add: (a: number, b: number) => a + b,
  Mul: (a: number, b: number) => a * b,
  Div: (a: number, b: number) => a / b,
  Floor: Math.floor,
  Round: Math.round,
  IsNaN: (a: number) => Number(Number.isNaN(a)),
  Equal: (a: Cell, b: Cell) => Number(a === b),
  Greater: (a: number, b: number) => Number(a > b),
  Where: (condition: number, a: Cell, b: Cell) => (condition === 1 ? a : b),
};

/** The value of a graph's node, its inputs given; as much of ONNX as raw rows need. */
function nodeValue(
  graph: OnnxGraph,
  name: string,
  inputs: Readonly<Record<string, Matrix>>,
): Matrix {
  const input = inputs[name];
  if (input !== undefined) return input;
  const constant = graph.constants.find((one) => one.name === name);
  if (constant !== undefined) {
    const [rows = 1, columns = 1] = constant.shape;
    return { shape: [rows, columns], data: Array.from(constant.data as ArrayLike<Cell>) };
  }
  const node = graph.nodes.find(({ output }) => output === name)!;
  const of = node.inputs.map((one) => nodeValue(graph, one, inputs));
  if (node.op === "Cast") {
    const isFloat = (node.attributes.to as { int: number }).int === elementTypes.float;
    return broadcast(of, (cell: number) => (isFloat ? Math.fround(cell) : cell));
  }
  if (node.op === "Concat") {
    const rows = of[0]!.shape[0];
    const width = of.reduce((sum, { shape }) => sum + shape[1], 0);
    const data = Array.from({ length: rows }, (_, row) =>
      of.flatMap(({ shape, data }) => data.slice(row * shape[1], (row + 1) * shape[1])),
    );
    return { shape: [rows, width], data: data.flat() };
  }
  if (node.op === "Slice") {
    const [from, to] = [Number(of[1]!.data[0]), Number(of[2]!.data[0])];
    const [rows, width] = of[0]!.shape;
    const data = Array.from({ length: rows }, (_, row) =>
      of[0]!.data.slice(row * width + from, row * width + to),
    );
    return { shape: [rows, to - from], data: data.flat() };
  }
  if (node.op === "MatMul") {
    const [a, b] = of as [Matrix, Matrix];
    const data = Array.from({ length: a.shape[0] }, (_, row) =>
      b.data.reduce<number>((sum, value, i) => sum + Number(at(a, row, i)) * Number(value), 0),
    );
    return { shape: [a.shape[0], 1], data };
  }
  return broadcast(of, cellwise[node.op]!);
}

const scale = { mean: 0.25, deviation: 3 };
const columns: ColumnPlan[] = [
  { kind: "ordinal", name: "size", levels: ["low", "mid", "high"], ...scale, fill: "mid" },
  { kind: "numeric", name: "area", mean: 10, deviation: 4, fill: 11 },
  {
    ...{ kind: "frequency", name: "zip", levels: ["a", "b"], shares: [0.75, 0.25], ...scale },
    fill: 0.6,
  },
  { kind: "date-parts", name: "when", fill: 19_000, parts: datePartNames.map(partOf) },
];

function partOf(part: (typeof datePartNames)[number], i: number) {
  return { part, mean: i, deviation: 2 };
}

const preparation: Preparation = {
  version: 1,
  columns,
  target: { name: "y", classes: null },
  intercept: false,
  featureNames: featureNamesOf(columns, false),
  sparse: false,
};

test("words in an order, shares and parts of dates are the same features in a graph", () => {
  const graph = graphBuilder();
  const { value, width } = rawRows(graph, preparation);
  const finished = graph.finish("test");
  expect(finished.inputs.map(({ name, type }) => [name, type])).toEqual([
    ...[
      ["numbers", "double"],
      ["size", "string"],
      ["zip", "string"],
      ["when", "double"],
    ],
  ]);
  const days = [0, -0.5, 19_782.999, -719_162, 59.25, Number.NaN, 11_016, 20_000 + 1 / 1_440];
  const rows = days.map((day, i) => ({
    area: i === 3 ? Number.NaN : i,
    size: ["low", "mid", "high", ""][i % 4]!,
    zip: ["a", "b", "unseen", ""][i % 4]!,
    day,
  }));
  const matrix = (data: readonly Cell[]): Matrix => ({ shape: [rows.length, 1], data });
  const said = nodeValue(finished, value, {
    numbers: matrix(rows.map(({ area }) => area)),
    size: matrix(rows.map(({ size }) => size)),
    zip: matrix(rows.map(({ zip }) => zip)),
    when: matrix(rows.map(({ day }) => day)),
  });
  const read = ["size", "area", "zip", "when"].map((name) => ({
    ...{ name, kind: "number" as const, missing: "keep" as const, isTarget: false },
    levels: fixedLevels(name === "size" ? ["low", "mid", "high"] : ["a", "b"]),
  }));
  const write = featureWriter(preparation, read);
  const cells: DenseWindow["cells"] = Float64Array.from(
    rows.flatMap(({ size, area, zip, day }) => [
      size === "" ? Number.NaN : ["low", "mid", "high"].indexOf(size),
      area,
      zip === "" ? Number.NaN : ["a", "b"].indexOf(zip),
      day,
    ]),
  );
  for (const row of rows.keys()) {
    const expected = new Float32Array(width);
    write(cells, row * 4, expected, 0);
    expect(said.data.slice(row * width, (row + 1) * width)).toEqual([...expected]);
  }
});

test("a word without a place is no number in a graph, and hashed words are refused", () => {
  const graph = graphBuilder();
  const only = { ...preparation, columns: columns.slice(0, 1), featureNames: ["size"] };
  const { value } = rawRows(graph, only);
  const size = { shape: [1, 1] as const, data: ["huge"] };
  expect(nodeValue(graph.finish("test"), value, { size }).data).toEqual([Number.NaN]);
  const hashed = { ...only, columns: [{ kind: "hash", name: "zip", buckets: 4, fill: null }] };
  expect(() => rawRows(graphBuilder(), hashed as Preparation)).toThrow(
    /--format: onnx cannot hold column "zip", whose words are hashed/,
  );
});
