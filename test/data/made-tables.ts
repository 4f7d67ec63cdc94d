import fc from "fast-check";
import { RunError } from "../../src/core/errors.ts";
import { randomFrom } from "../../src/core/random.ts";
import { parseOptions } from "../../src/core/registry.ts";
import type { Prepared } from "../../src/data/manifests.ts";
import { type DataInput, dataSchema } from "../../src/data/options.ts";
import { readExamples } from "../../src/data/parts/load-parts.ts";
import { predictRows } from "../../src/platform/training/predict.ts";
import { type Files, memoryStore, opener, prepared } from "./fixtures.ts";
import { type Value, type Written, writers } from "./written-as.ts";

const words = ["red fox", 'a "b", c', "é;ß", "-", "None", "x\ty", "1e5x", " lead", "Ωmega|pipe"];

/** A kind of column and a value of it, the same for the same number. */
const kinds: Readonly<Record<string, (n: number) => Value>> = {
  whole: (n) => (n % 4_001) - 2_000,
  real: (n) => ((n % 20_011) - 10_000) / 2 ** (n % 13),
  tiny: (n) => ((n % 1_009) + 1) * 1e-7,
  words: (n) => words[n % words.length]!,
  truth: (n) => n % 3 === 0,
  date: (n) => new Date(Date.UTC(1960 + (n % 90), n % 12, 1 + (n % 28))),
  time: (n) => new Date(Date.UTC(2001, n % 12, 1 + (n % 28), n % 24, n % 60, n % 59)),
};
const numeric = ["whole", "real", "tiny"];

/** What a spec may say of a column of each kind. */
const parts = { type: "date", as: "parts" } as const;
export const choices: Readonly<
  Record<string, readonly NonNullable<DataInput["columns"]>[string][]>
> = {
  whole: ["category", "hash", "frequency", "number"],
  real: ["hash", "frequency"],
  tiny: ["number", { type: "hash", buckets: 7 }],
  words: ["hash", "frequency", { type: "ordinal", levels: words }, { type: "category" }],
  truth: ["hash", "frequency", "category"],
  date: [parts, "date"],
  time: [parts, { ...parts, times: false }],
};

export interface Made extends Written {
  readonly isClasses: boolean;
  readonly hasGaps: boolean;
}

export const seeds = fc.record({
  seed: fc.nat(1_000_000),
  rows: fc.integer({ min: 3, max: 60 }),
  kinds: fc.oneof(
    fc.array(fc.constantFrom(...Object.keys(kinds)), { minLength: 1, maxLength: 6 }),
    fc.array(fc.constantFrom(...numeric), { minLength: 1, maxLength: 6 }),
  ),
  isClasses: fc.boolean(),
  hasGaps: fc.boolean(),
});

export function tableOf({ seed, rows: count, kinds: own, isClasses, hasGaps }: Shape): Made {
  const random = randomFrom(seed);
  const any = () => Math.floor(random.uniform() * 1e9);
  const rows = Array.from({ length: count }, (_, row): Value[] => [
    ...own.map((kind, i) => {
      const value = kinds[kind]!(any() * 31 + i);
      // The first row says what each column is made of.
      return hasGaps && row > 1 && any() % 7 === 0 ? null : value;
    }),
    isClasses ? (row % 2 === 0 ? 1 : 0) : kinds.real!(any()),
  ]);
  const names = [...own.map((kind, i) => `${kind} ${i}`), "y"];
  return { names, rows, isClasses, hasGaps };
}
export type Shape = typeof seeds extends fc.Arbitrary<infer T> ? T : never;

/** The table in every format that can hold it. */
export function filesOf(table: Written): Files {
  const written = Object.entries(writers).flatMap(([ending, write]) => {
    const content = write(table);
    return content === null ? [] : [[`t.${ending}`, content] as const];
  });
  return Object.fromEntries(written);
}

function optionsFor(name: string, { hasGaps }: Made, more: DataInput): DataInput {
  const isLabelled = /npz|libsvm/.test(name);
  const missing = hasGaps ? ({ missing: "impute" } as const) : {};
  return { source: name, ...(isLabelled ? {} : { target: -1 }), ...missing, ...more };
}

export interface Trained {
  readonly prepared: Prepared;
  readonly rows: readonly (readonly number[])[];
  readonly options: DataInput;
}

export async function trainedOn(
  name: string,
  files: Files,
  table: Made,
  more: object,
): Promise<Trained> {
  const options = optionsFor(name, table, more as DataInput);
  const task = table.isClasses ? "classification" : "regression";
  const { prepared: made, store } = await prepared(files, options, { task, store: memoryStore() });
  const { rows, targets } = await readExamples(store, made.train, made.columns);
  return { prepared: made, rows: denseRows(rows, targets), options };
}

function denseRows(rows: Parameters<typeof dense>[0], targets: Float32Array): number[][] {
  return [...targets.keys()].map((row) => [...dense(rows, row), targets[row]!]);
}

function dense(rows: Awaited<ReturnType<typeof readExamples>>["rows"], row: number): number[] {
  if (rows.kind === "dense")
    return [...rows.values.subarray(row * rows.columns, (row + 1) * rows.columns)];
  const all = new Array<number>(rows.columns).fill(0);
  for (let at = rows.offsets[row]!; at < rows.offsets[row + 1]!; at++)
    all[rows.indices[at]!] = rows.values[at]!;
  return all;
}

/** What a model of these weights says of each row; it was prepared by the rows of another file. */
export async function predictions(
  { prepared: made, options }: Trained,
  name: string,
  files: Files,
) {
  const { preparation, columns } = made;
  const weights = Float32Array.from({ length: columns }, (_, i) => Math.sin(i + 1));
  const type = preparation.target.classes === null ? "ridge" : "logistic";
  const model = { run: "r", problem: { type, l2: 0.001 }, preparation, weights };
  const { missing } = options;
  const reading = parseOptions(
    dataSchema,
    { source: "-", ...(missing ? { missing } : {}) },
    "data",
  );
  const said: number[] = [];
  const open = opener(files);
  for await (const { values } of predictRows(model as never, name, reading, undefined, open))
    said.push(...values);
  return said;
}

export async function outcome<T>(promise: Promise<T>): Promise<T | RunError> {
  return promise.catch((thrown: unknown) => {
    if (thrown instanceof RunError) return thrown;
    throw thrown;
  });
}
