import { readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { randomFrom } from "../../src/core/random.ts";
import { daysIn } from "../../src/data/formats/dates.ts";
import { transformer } from "../../src/data/prepare/transform.ts";
import { loadModel } from "../../src/index.ts";
import type { DenseRows } from "../../src/math/rows.ts";
import { numberNames } from "../../src/model-export/onnx/raw-rows.ts";
import { openDataSource } from "../../src/platform/open-source.ts";
import { readTrainedModel, type TrainedModel } from "../../src/platform/training/model.ts";
import { withOpenRun } from "../../src/platform/training/open-run.ts";
import { modelReader } from "../../src/platform/training/predict.ts";
import { classAt, classProbabilities } from "../../src/problems/class-probabilities.ts";
import { predictLinear } from "../../src/problems/linear.ts";
import { problems } from "../../src/problems/registry.ts";

const examples = fileURLToPath(new URL("../../examples/", import.meta.url));
const rowsMax = 200;

/** Raw rows of an example as an ONNX graph takes them, and what kofn predicts for each. */
export interface ExampleRows {
  readonly count: number;
  readonly feeds: readonly {
    readonly name: string;
    readonly type: string;
    readonly data: unknown;
    readonly shape: readonly number[];
  }[];
  /** A number; or a margin, or the chances of all classes, with the class's label. */
  readonly expected: readonly { readonly values: readonly number[]; readonly label?: string }[];
}

export async function exampleRows(
  name: string,
  run: string,
  home: string,
  folder: string = join(examples, name),
): Promise<ExampleRows> {
  const { model, reading } = await withOpenRun({ home }, run, async ({ store }, record) => {
    const found = await readTrainedModel(store, run);
    return { model: found, reading: modelReader(record.spec.data, found) };
  });
  const { columns, text } = model.preparation;
  if (text !== undefined) {
    const source = join(examples, "sentences/sentences.txt");
    for await (const batch of transformer(model.preparation, reading).batches(
      source,
      openDataSource,
    ))
      return fromFeatures(model, firstRows(batch.rows as DenseRows), "tokens", "int64");
  }
  if (columns.length === 0) return fromFeatures(model, madeUp(model), "features", "double");
  const file = readdirSync(folder).find((one) => one.endsWith(".csv"));
  const rows = file === undefined ? madeUpRows(model) : await csvRows(join(folder, file));
  return fromRows(model, rows.slice(0, rowsMax), run, home);
}

type Row = Readonly<Record<string, string | number>>;

/** Examples' files are plain: no quotes. */
async function csvRows(path: string): Promise<Row[]> {
  const { readFile } = await import("node:fs/promises");
  const [head = "", ...lines] = (await readFile(path, "utf8")).trimEnd().split("\n");
  const names = head.split(",");
  return lines.map((line) =>
    Object.fromEntries(line.split(",").map((cell, i) => [names[i], cell])),
  );
}

function madeUpRows({ preparation }: TrainedModel): Row[] {
  const random = randomFrom("rows of an example");
  const isWhole = preparation.columns.length === 2;
  return Array.from({ length: rowsMax }, () =>
    Object.fromEntries(
      preparation.columns.map((plan) => [
        plan.name,
        plan.kind === "category"
          ? plan.levels[random.integer(plan.levels.length)]!
          : isWhole
            ? random.integer(1_000)
            : random.normal(),
      ]),
    ),
  );
}

async function fromRows(
  model: TrainedModel,
  rows: readonly Row[],
  run: string,
  home: string,
): Promise<ExampleRows> {
  const { preparation } = model;
  const numbers = numberNames(preparation);
  const words = ["category", "ordinal", "frequency"];
  const texts = preparation.columns.filter(({ kind }) => words.includes(kind));
  const dates = preparation.columns.filter(({ kind }) => kind === "date-parts");
  const all = Float64Array.from(rows.flatMap((row) => numbers.map((name) => Number(row[name]))));
  const feeds = [
    ...(numbers.length === 0
      ? []
      : [{ name: "numbers", type: "float64", data: all, shape: [rows.length, numbers.length] }]),
    ...texts.map(({ name }) => ({
      ...{ name, type: "string", shape: [rows.length, 1] },
      data: rows.map((row) => String(row[name])),
    })),
    ...dates.map(({ name }) => ({
      ...{ name, type: "float64", shape: [rows.length, 1] },
      data: Float64Array.from(rows, (row) => daysIn(String(row[name])) ?? Number.NaN),
    })),
  ];
  const own = await loadModel(run, { home });
  const predicted = await own.predict(rows.map((row) => pick(row, own.columns)));
  const classes = preparation.target.classes;
  const expected = predicted.map(({ value, class: label, probability, probabilities }) => {
    if (label === undefined) return { values: [value] };
    const chances = probabilities === undefined ? null : Object.values(probabilities);
    if (chances !== null) return { values: classes!.map((one) => probabilities![one]!), label };
    if (probability === undefined) return { values: [value], label };
    return { values: [1 - probability, probability], label };
  });
  return { count: rows.length, feeds, expected };
}

function pick(row: Row, names: readonly string[]): Row {
  return Object.fromEntries(names.map((name) => [name, row[name]!]));
}

function firstRows({ columns, values, rows }: DenseRows): DenseRows {
  const count = Math.min(rows, 20);
  return { kind: "dense", rows: count, columns, values: values.slice(0, count * columns) };
}

/** Raw features of a sparse model: a few of each row are not 0; the intercept is the last. */
function madeUp({ preparation }: TrainedModel): DenseRows {
  const random = randomFrom("sparse rows");
  const columns = preparation.featureNames.length;
  const values = new Float32Array(20 * columns);
  for (let row = 0; row < 20; row++) {
    for (let k = 0; k < 15; k++) values[row * columns + random.integer(columns)] = random.normal();
    if (preparation.intercept) values[(row + 1) * columns - 1] = 1;
  }
  return { kind: "dense", rows: 20, columns, values };
}

/** As sparse features are stored: each over its deviation over the training rows. */
function asPrepared(rows: DenseRows, deviations: readonly number[] = []): DenseRows {
  const { values, columns } = rows;
  const over = (value: number, i: number) => value / (deviations[i % columns] ?? 1);
  return { ...rows, values: values.map(over) };
}

function fromFeatures(
  model: TrainedModel,
  rows: DenseRows,
  name: string,
  type: "int64" | "double",
): ExampleRows {
  const problem = problems.create(model.problem);
  const { preparation, weights } = model;
  const scaled = asPrepared(rows, preparation.deviations);
  const outputs = problem.predict?.(scaled, weights) ?? predictLinear(scaled, weights);
  const chances = classProbabilities(problem, outputs, rows.rows);
  const labels = preparation.target.classes!;
  const width = rows.columns - (preparation.intercept ? 1 : 0);
  const values = Array.from({ length: rows.rows }, (_, row) => [
    ...rows.values.subarray(row * rows.columns, row * rows.columns + width),
  ]).flat();
  const isToken = type === "int64";
  const data = isToken
    ? BigInt64Array.from(values, (one) => BigInt(one))
    : Float64Array.from(values);
  const of = chances ?? outputs;
  const classes = of.length / rows.rows;
  const expected = Array.from({ length: rows.rows }, (_, row) => ({
    values: Array.from({ length: classes }, (_one, i) => of[i * rows.rows + row]!),
    label: labels[classAt(outputs, rows.rows, row)]!,
  }));
  const feed = { name, type: isToken ? "int64" : "float64", data, shape: [rows.rows, width] };
  return { count: rows.rows, feeds: [feed], expected };
}
