import { formatCount, formatDollars, formatNumber, formatSeconds } from "../format.ts";
import type { RunRow } from "./protocol.ts";

type Value = string | number | boolean | null;

/** A column of the list of runs. */
export interface RunColumn {
  readonly name: string;
  readonly label: string;
  value(row: RunRow): Value;
  text(row: RunRow): string;
}

export interface Sorting {
  readonly column: string;
  readonly isDescending: boolean;
}

/** Shown always; of the others those in which runs differ. */
const parametersUsual = ["problem.type", "optimizer.type", "encoding.type", "workers"];
const parametersMax = 12;
const metricsMax = 10;

const formats: Readonly<Record<string, (value: number) => string>> = {
  rounds: formatCount,
  erasures: formatCount,
  seconds: formatSeconds,
  dollars: formatDollars,
};

/** The columns for these runs: what they are, parameters, metrics. */
export function columnsOf(rows: readonly RunRow[]): RunColumn[] {
  const named = (key: "parameters" | "metrics") => [
    ...new Set(rows.flatMap((row) => Object.keys(row[key]))),
  ];
  const differing = named("parameters").filter(
    (name) =>
      !parametersUsual.includes(name) &&
      new Set(rows.map(({ parameters }) => parameters[name])).size > 1,
  );
  const parameters = [...parametersUsual, ...differing].slice(0, parametersMax);
  return [
    plain("run", ({ run }) => run),
    plain("status", ({ status }) => status),
    {
      ...plain("started", ({ startedAt }) => startedAt),
      text: ({ startedAt }) => startedAt.slice(0, 16).replace("T", " "),
    },
    ...writtenColumns(rows),
    ...named("metrics").slice(0, metricsMax).map(metricColumn),
    ...parameters.map(parameterColumn),
  ];
}

/** What people wrote, where they did. */
function writtenColumns(rows: readonly RunRow[]): RunColumn[] {
  const columns = [plain("tags", ({ tags }) => tags.join(" ")), plain("note", ({ note }) => note)];
  return columns.filter(({ text }) => rows.some((row) => text(row) !== ""));
}

function plain(name: string, value: (row: RunRow) => string): RunColumn {
  return { name, label: name, value, text: value };
}

function metricColumn(name: string): RunColumn {
  const format = formats[name] ?? ((value: number) => formatNumber(value));
  const value = ({ metrics }: RunRow) => metrics[name] ?? null;
  const text = (row: RunRow) => {
    const number = value(row);
    return number === null ? "–" : format(number);
  };
  return { name: `metric ${name}`, label: name, value, text };
}

function parameterColumn(name: string): RunColumn {
  const value = ({ parameters }: RunRow) => parameters[name] ?? null;
  return {
    name: `parameter ${name}`,
    label: name.replace(/\.type$/, ""),
    value,
    text: (row) => String(value(row) ?? "–"),
  };
}

/** Rows by a column, numbers by size; those without a value come last either way. */
export function sortedRows(
  rows: readonly RunRow[],
  columns: readonly RunColumn[],
  { column, isDescending }: Sorting,
): RunRow[] {
  const by = columns.find(({ name }) => name === column);
  if (by === undefined) return [...rows];
  const sign = isDescending ? -1 : 1;
  return rows.toSorted((a, b) => {
    const [left, right] = [by.value(a), by.value(b)];
    if (left === null || right === null) return Number(left === null) - Number(right === null);
    if (typeof left === "number" && typeof right === "number") return sign * (left - right);
    const [before, after] = [String(left), String(right)];
    return sign * (before < after ? -1 : Number(before > after));
  });
}
