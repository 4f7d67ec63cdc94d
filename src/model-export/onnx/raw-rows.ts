import { RunError } from "../../core/errors.ts";
import type { ColumnPlan, Preparation } from "../../data/manifests.ts";
import type { GraphBuilder } from "./graph.ts";
import { cast, type InputColumn, ownFeatures, rowsSize } from "./raw-words.ts";

/** What raw rows become: features without the intercept, in single precision. */
export interface Features {
  /** The name of a value of shape [rows, width]. */
  readonly value: string;
  readonly width: number;
}

type Numeric = Extract<ColumnPlan, { kind: "numeric" }>;

/**
 * The preparation as part of the graph: one input `numbers` with all numeric columns in order, in
 * double precision, where NaN is a missing value; and an input for every column of words, or of
 * parts of dates, under its name. LIBSVM rows are dense here, and a text's rows are its tokens.
 */
export function rawRows(graph: GraphBuilder, preparation: Preparation): Features {
  const { columns, featureNames, intercept, text, pairs, sparse, deviations } = preparation;
  const width = featureNames.length - (intercept ? 1 : 0);
  if (pairs !== undefined)
    throw new RunError("bad-format", "--format: onnx cannot hold a model that translates", {
      hint: "a beam search is no graph: choose safetensors, or kofn serve",
    });
  if (text !== undefined) {
    const tokens = graph.input("tokens", "int64", [rowsSize, width]);
    return { value: cast(graph, tokens, "float"), width };
  }
  if (columns.length === 0 || (sparse && columns.every((plan) => plan.kind === "numeric"))) {
    const features = graph.input("features", "double", [rowsSize, width]);
    const scaled =
      deviations === undefined
        ? features
        : graph.node("Div", [features, graph.doubles(deviations, [1, width])]);
    return { value: cast(graph, scaled, "float"), width };
  }
  const numbers = numericFeatures(graph, columns);
  const groups = inputGroups(columns).map((group) =>
    group.kind === "numbers"
      ? sliced(graph, numbers!, group.from, group.to)
      : ownFeatures(graph, group),
  );
  const value =
    groups.length === 1 ? groups[0]! : graph.node("Concat", groups, { axis: { int: 1 } });
  return { value, width };
}

/** Names of the columns of the input `numbers`, in order. */
export function numberNames({ columns }: Preparation): string[] {
  return columns.filter((plan) => plan.kind === "numeric").map(({ name }) => name);
}

type InputGroup =
  | InputColumn
  | { readonly kind: "numbers"; readonly from: number; readonly to: number };

/** Columns in their order: numbers that stand side by side in one group. */
function inputGroups(columns: readonly ColumnPlan[]): InputGroup[] {
  const groups: InputGroup[] = [];
  let numbers = 0;
  for (const plan of columns) {
    if (plan.kind !== "numeric") {
      groups.push(plan);
      continue;
    }
    const last = groups.at(-1);
    if (last?.kind === "numbers") groups[groups.length - 1] = { ...last, to: numbers + 1 };
    else groups.push({ kind: "numbers", from: numbers, to: numbers + 1 });
    numbers++;
  }
  return groups;
}

/** (x - mean) / deviation, missing values filled, in doubles; then single precision as stored. */
function numericFeatures(graph: GraphBuilder, columns: readonly ColumnPlan[]): string | null {
  const plans = columns.filter((plan): plan is Numeric => plan.kind === "numeric");
  if (plans.length === 0) return null;
  const row = (values: readonly number[]) => graph.doubles(values, [1, plans.length]);
  let value = graph.input("numbers", "double", [rowsSize, plans.length]);
  if (plans.some(({ fill }) => fill !== null)) {
    const missing = graph.node("IsNaN", [value]);
    const fills = row(plans.map(({ fill }) => fill ?? Number.NaN));
    value = graph.node("Where", [missing, fills, value]);
  }
  if (plans.some(({ mean }) => mean !== 0))
    value = graph.node("Sub", [value, row(plans.map(({ mean }) => mean))]);
  if (plans.some(({ deviation }) => deviation !== 1))
    value = graph.node("Div", [value, row(plans.map(({ deviation }) => deviation))]);
  return cast(graph, value, "float");
}

function sliced(graph: GraphBuilder, numbers: string, from: number, to: number): string {
  const ends = [graph.integers([from]), graph.integers([to]), graph.integers([1])];
  return graph.node("Slice", [numbers, ...ends]);
}
