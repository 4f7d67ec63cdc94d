import { readFile } from "node:fs/promises";
import { messageOf, RunError } from "../../core/errors.ts";
import { nearest } from "../../core/text.ts";
import type { ColumnChoice } from "../../data/columns.ts";
import type { Prepared } from "../../data/manifests.ts";
import { eachPart } from "../../data/parts/load-parts.ts";
import { clipToNorm } from "../../math/vector.ts";
import type { Store } from "../../ports/store.ts";
import type { DataTable } from "../../privacy/release/table.ts";
import type { RunSpec } from "../../spec/run-spec.ts";

/** The public bounds of each column's numbers, which become -1 and 1. */
export type Ranges = Readonly<Record<string, readonly [least: number, most: number]>>;

const numbersMax = 20_000_000;

/** Refuses data whose release would publish more than the release itself. */
export function refuseLearned(spec: RunSpec): void {
  const { standardize, missing, categorical, dates, columns = {} } = spec.data;
  const refuse = (option: string, why: string, hint: string) =>
    new RunError("not-public", `data.${option}: ${why}`, { hint });
  if (standardize)
    throw refuse(
      "standardize",
      "true, but means and deviations are learned from the data and not paid for",
      "set data.standardize=false, and give public ranges by --ranges",
    );
  if (missing === "impute")
    throw refuse(
      "missing",
      "impute, but means are learned from the data and not paid for",
      "set data.missing=refuse, and fill values in before by what is public",
    );
  if (categorical.length > 0)
    throw refuse("categorical", "which levels there are is told by the data", "drop the columns");
  if (dates === "parts")
    throw refuse("dates", "parts, but whether there are times is told by the data", timesHint);
  for (const [name, choice] of Object.entries(columns)) {
    const why = learnedBy(choice);
    if (why !== null)
      throw refuse(`columns.${name}`, `${choice.type}, but ${why} is told by the data`, timesHint);
  }
}

const timesHint =
  "choose what looks at no row: { type: hash, buckets: 256 }, { type: ordinal, levels: [...] }, " +
  "{ type: date, as: parts, times: false }, or drop";

/** What a column's features would tell of the rows; null where they are stated. */
function learnedBy(choice: ColumnChoice): string | null {
  if (choice.type === "frequency") return "how often each word stands there";
  if (choice.type === "category") return "which levels there are";
  const isOpen = choice.type === "date" && choice.as === "parts" && choice.times === undefined;
  return isOpen ? "whether there are times" : null;
}

/** The training rows as [X y], scaled by public ranges and clipped: numbers first, then rows. */
export async function tableOf(
  prepared: Prepared,
  store: Store,
  limits: { readonly ranges: Ranges; readonly entry: number; readonly norm: number | null },
): Promise<DataTable> {
  const { rows, columns } = prepared;
  refuseKinds(prepared);
  if (rows * (columns + 1) > numbersMax)
    throw new RunError("too-large", `${rows} rows of ${columns + 1}: more than fit into memory`, {
      hint: `release at most ${numbersMax} numbers; fewer columns, or a part of the rows`,
    });
  const names = namesOf(prepared);
  const maps = rangesOf(names, limits.ranges);
  const width = columns + 1;
  const values = new Float64Array(rows * width);
  let at = 0;
  for await (const part of eachPart(store, prepared.train, columns)) {
    if (part.rows.kind !== "dense") continue;
    for (let i = 0; i < part.rows.rows; i++) {
      const row = values.subarray(at, at + width);
      row.set(part.rows.values.subarray(i * columns, (i + 1) * columns));
      row[columns] = part.targets[i]!;
      for (let j = 0; j < width; j++) row[j] = bounded(row[j]!, maps[j]!, limits.entry);
      if (limits.norm !== null) clipToNorm(row, limits.norm);
      at += width;
    }
  }
  return { rows, columns: width, values };
}

/** The columns' names, the target's last. */
export function namesOf({ preparation }: Prepared): readonly string[] {
  return [...preparation.featureNames, preparation.target.name];
}

/** A JSON file such as {"price": [0, 500000]}. */
export async function readRanges(path: string): Promise<Ranges> {
  const bad = (what: string, cause?: unknown) =>
    new RunError("bad-ranges", `--ranges: ${path}: ${what}`, {
      hint: 'give JSON such as {"price": [0, 500000], "rooms": [1, 12]}',
      cause,
    });
  let ranges: unknown;
  try {
    ranges = JSON.parse(await readFile(path, "utf8"));
  } catch (cause) {
    throw bad(messageOf(cause), cause);
  }
  if (typeof ranges !== "object" || ranges === null || Array.isArray(ranges))
    throw bad("expected ranges by column");
  for (const [name, range] of Object.entries(ranges))
    if (!isRange(range)) throw bad(`${name}: expected [least, most], the least below the most`);
  return ranges as Ranges;
}

function isRange(range: unknown): range is readonly [number, number] {
  if (!Array.isArray(range) || range.length !== 2) return false;
  const [least, most] = range as unknown[];
  return Number.isFinite(least) && Number.isFinite(most) && (least as number) < (most as number);
}

function refuseKinds({ preparation }: Prepared): void {
  const refuse = (what: string, hint: string) => new RunError("bad-release", what, { hint });
  if (preparation.sparse)
    throw refuse(
      "release: the data are sparse, and noise is not",
      "release dense columns, or train with private gradients instead",
    );
  if (preparation.target.classes !== null)
    throw refuse(
      "release: the target holds classes, and least squares needs numbers",
      "choose problem ridge with a target of numbers",
    );
  const learned = preparation.columns.find((column) => column.kind === "category");
  if (learned !== undefined)
    throw refuse(
      `release: column ${learned.name} holds text, and which levels there are is told by the data`,
      `leave it out: --set data.drop=[${learned.name}]`,
    );
}

/** How each column is scaled: x becomes (x - centre) / half. */
interface Scaling {
  readonly centre: number;
  readonly half: number;
}

function rangesOf(names: readonly string[], ranges: Ranges): readonly Scaling[] {
  for (const name of Object.keys(ranges))
    if (!names.includes(name))
      throw new RunError("unknown-column", `--ranges: no column is called ${name}`, {
        hint: `${nearest(name, names)}choose from ${names.join(", ")}`,
      });
  return names.map((name) => {
    const range = ranges[name];
    if (range === undefined) return { centre: 0, half: 1 };
    return { centre: (range[0] + range[1]) / 2, half: (range[1] - range[0]) / 2 };
  });
}

/** Scaled and clipped; a missing number counts as 0, so that it does not show. */
function bounded(value: number, { centre, half }: Scaling, bound: number): number {
  const scaled = (value - centre) / half;
  return Number.isFinite(scaled) ? Math.min(bound, Math.max(-bound, scaled)) : 0;
}
