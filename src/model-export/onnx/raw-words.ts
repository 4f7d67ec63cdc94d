import { RunError } from "../../core/errors.ts";
import { inQuotes } from "../../core/text.ts";
import type { DatePart } from "../../data/date-parts.ts";
import type {
  ColumnPlan,
  DatePartsPlan,
  FrequencyPlan,
  HashPlan,
  NumberScale,
  OrdinalPlan,
} from "../../data/manifests.ts";
import { elementTypes, type GraphBuilder } from "./graph.ts";

/** The open size of every input and output. */
export const rowsSize = "rows";

type Category = Extract<ColumnPlan, { kind: "category" }>;

/** Columns that are an input of their own. */
export type InputColumn = Category | OrdinalPlan | FrequencyPlan | HashPlan | DatePartsPlan;

/**
 * The features of a column with an input of its own: of texts, where an empty one is a missing
 * value; of dates days since 1970-01-01 in double precision, where NaN is one.
 */
export function ownFeatures(graph: GraphBuilder, plan: InputColumn): string {
  switch (plan.kind) {
    case "category":
      return oneHot(graph, plan);
    case "ordinal":
      return places(graph, plan);
    case "frequency":
      return shares(graph, plan);
    case "date-parts":
      return dateParts(graph, plan);
    case "hash":
      throw new RunError(
        "bad-format",
        `--format: onnx cannot hold column ${inQuotes(plan.name)}, whose words are hashed`,
        { hint: "ONNX has no hash: choose safetensors or hub, or train with { type: frequency }" },
      );
  }
}

export function cast(graph: GraphBuilder, value: string, to: keyof typeof elementTypes): string {
  return graph.node("Cast", [value], { to: { int: elementTypes[to] } });
}

/** One for the level that a text is, nothing for one that training did not see. */
function oneHot(graph: GraphBuilder, plan: Category): string {
  return cast(graph, isLevel(graph, words(graph, plan), plan.levels), "float");
}

/** Texts, with the commonest in place of a missing one where training did so. */
function words(graph: GraphBuilder, { name, fill }: Category | OrdinalPlan): string {
  const value = graph.input(name, "string", [rowsSize, 1]);
  if (fill === null) return value;
  const missing = graph.node("Equal", [value, graph.texts([""], [1, 1])]);
  return graph.node("Where", [missing, graph.texts([fill], [1, 1]), value]);
}

function isLevel(graph: GraphBuilder, value: string, levels: readonly string[]): string {
  return graph.node("Equal", [value, graph.texts(levels, [1, levels.length])]);
}

/** The number that stands for each text's level, 0 for a text that is none. */
function lookedUp(graph: GraphBuilder, levels: string, numbers: readonly number[]): string {
  return graph.node("MatMul", [levels, graph.doubles(numbers, [numbers.length, 1])]);
}

/** A word's place; NaN for a word without one, which `kofn predict` refuses. */
function places(graph: GraphBuilder, plan: OrdinalPlan): string {
  const levels = cast(graph, isLevel(graph, words(graph, plan), plan.levels), "double");
  const numbers = plan.levels.map((_, place) => place);
  const isKnown = lookedUp(
    graph,
    levels,
    plan.levels.map(() => 1),
  );
  return scaled(graph, graph.node("Div", [lookedUp(graph, levels, numbers), isKnown]), [plan]);
}

/** A word's share of the training rows, 0 for one that they do not have. */
function shares(graph: GraphBuilder, plan: FrequencyPlan): string {
  const value = graph.input(plan.name, "string", [rowsSize, 1]);
  const levels = cast(graph, isLevel(graph, value, plan.levels), "double");
  const share = lookedUp(graph, levels, plan.shares);
  if (plan.fill === null) return scaled(graph, share, [plan]);
  const missing = graph.node("Equal", [value, graph.texts([""], [1, 1])]);
  const fill = graph.doubles([plan.fill], [1, 1]);
  return scaled(graph, graph.node("Where", [missing, fill, share]), [plan]);
}

/** (x - mean) / deviation, in doubles; then single precision as stored. */
function scaled(graph: GraphBuilder, value: string, scales: readonly NumberScale[]): string {
  const row = (numbers: readonly number[]) => graph.doubles(numbers, [1, numbers.length]);
  const centred = graph.node("Sub", [value, row(scales.map(({ mean }) => mean))]);
  const divided = graph.node("Div", [centred, row(scales.map(({ deviation }) => deviation))]);
  return cast(graph, divided, "float");
}

function dateParts(graph: GraphBuilder, plan: DatePartsPlan): string {
  let days = graph.input(plan.name, "double", [rowsSize, 1]);
  if (plan.fill !== null) {
    const fill = graph.doubles([plan.fill], [1, 1]);
    days = graph.node("Where", [graph.node("IsNaN", [days]), fill, days]);
  }
  const all = partsOf(graph, days);
  const chosen = plan.parts.map(({ part }) => all[part]());
  const value =
    chosen.length === 1 ? chosen[0]! : graph.node("Concat", chosen, { axis: { int: 1 } });
  return scaled(graph, value, plan.parts);
}

/** The calendar of `writeDateParts`, as nodes: each part adds its own where it is asked for. */
function partsOf(graph: GraphBuilder, days: string): Record<DatePart, () => string> {
  const number = (value: number) => graph.doubles([value], [1, 1]);
  const node = (op: string) => (a: string, b: string | number) =>
    graph.node(op, [a, typeof b === "number" ? number(b) : b]);
  const [add, less, times, over] = [node("Add"), node("Sub"), node("Mul"), node("Div")];
  const floor = (value: string) => graph.node("Floor", [value]);
  const whole = (value: string, divisor: number) => floor(over(value, divisor));
  const rest = (value: string, divisor: number) =>
    less(value, times(whole(value, divisor), divisor));
  const ms = graph.node("Round", [times(days, 86_400_000)]);
  const date = whole(ms, 86_400_000);
  const minutes = whole(less(ms, times(date, 86_400_000)), 60_000);
  const shifted = add(date, 719_468);
  const cycle = whole(shifted, 146_097);
  const day = less(shifted, times(cycle, 146_097));
  const leaps = less(less(whole(day, 36_524), whole(day, 1_460)), whole(day, 146_096));
  const year = whole(add(day, leaps), 365);
  const leapDays = less(whole(year, 4), whole(year, 100));
  const dayOfYear = less(day, add(times(year, 365), leapDays));
  const month = whole(add(times(dayOfYear, 5), 2), 153);
  const isNextYear = cast(graph, graph.node("Greater", [month, number(9)]), "double");
  return {
    days: () => days,
    year: () => add(add(year, times(cycle, 400)), isNextYear),
    month: () => less(add(month, 3), times(isNextYear, 12)),
    day: () => add(less(dayOfYear, whole(add(times(month, 153), 2), 5)), 1),
    weekday: () => add(rest(add(date, 3), 7), 1),
    hour: () => whole(minutes, 60),
    minute: () => rest(minutes, 60),
  };
}
