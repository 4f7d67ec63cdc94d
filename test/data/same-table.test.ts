import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { RunError } from "../../src/core/errors.ts";
import { randomFrom } from "../../src/core/random.ts";
import { parseOptions } from "../../src/core/registry.ts";
import type { Prepared } from "../../src/data/manifests.ts";
import { type DataInput, dataSchema } from "../../src/data/options.ts";
import { readExamples } from "../../src/data/parts/load-parts.ts";
import { predictRows } from "../../src/platform/training/predict.ts";
import { fuzzing } from "../campaign.ts";
import { type Files, memoryStore, opener, prepared, refusal } from "./fixtures.ts";
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
const choices: Readonly<Record<string, readonly NonNullable<DataInput["columns"]>[string][]>> = {
  whole: ["category", "hash", "frequency", "number"],
  real: ["hash", "frequency"],
  tiny: ["number", { type: "hash", buckets: 7 }],
  words: ["hash", "frequency", { type: "ordinal", levels: words }, { type: "category" }],
  truth: ["hash", "frequency", "category"],
  date: [parts, "date"],
  time: [parts, { ...parts, times: false }],
};

interface Made extends Written {
  readonly isClasses: boolean;
  readonly hasGaps: boolean;
}

const seeds = fc.record({
  seed: fc.nat(1_000_000),
  rows: fc.integer({ min: 3, max: 60 }),
  kinds: fc.oneof(
    fc.array(fc.constantFrom(...Object.keys(kinds)), { minLength: 1, maxLength: 6 }),
    fc.array(fc.constantFrom(...numeric), { minLength: 1, maxLength: 6 }),
  ),
  isClasses: fc.boolean(),
  hasGaps: fc.boolean(),
});

function tableOf({ seed, rows: count, kinds: own, isClasses, hasGaps }: Shape): Made {
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
type Shape = typeof seeds extends fc.Arbitrary<infer T> ? T : never;

/** The table in every format that can hold it. */
function filesOf(table: Written): Files {
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

interface Trained {
  readonly prepared: Prepared;
  readonly rows: readonly (readonly number[])[];
  readonly options: DataInput;
}

async function trainedOn(name: string, files: Files, table: Made, more: object): Promise<Trained> {
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
async function predictions({ prepared: made, options }: Trained, name: string, files: Files) {
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

const alike = { standardize: false, test: 0.25 };

describe("one table, written in every format that can hold it,", () => {
  it("is the same bits once it is prepared", async () => {
    await fc.assert(
      fc.asyncProperty(seeds, async (shape) => {
        const table = tableOf(shape);
        const files = filesOf(table);
        const first = await trainedOn("t.csv", files, table, alike);
        for (const name of Object.keys(files)) {
          const { prepared: made, rows } = await trainedOn(name, files, table, alike);
          const { preparation, train, test } = made;
          expect({ name, rows }).toEqual({ name, rows: first.rows });
          if (preparation.sparse) continue;
          const own = [train, test].map((parts) => parts.map(({ sha256 }) => sha256));
          const csv = [first.prepared.train, first.prepared.test];
          expect(own).toEqual(csv.map((parts) => parts.map(({ sha256 }) => sha256)));
        }
      }),
      fuzzing(8, 400),
    );
  });

  it("is the same bits where a row group is longer than a window of rows", async () => {
    const table: Made = {
      names: ["a", "y"],
      rows: Array.from({ length: 70_000 }, (_, i) => [(i * 7919) % 65_537, i / 4]),
      ...{ isClasses: false, hasGaps: false },
    };
    const files = filesOf(table);
    const bits = async (name: string) =>
      (await trainedOn(name, files, table, alike)).prepared.train.map(({ sha256 }) => sha256);
    const expected = await bits("t.npy");
    for (const name of ["t.parquet", "t.feather"]) expect(await bits(name)).toEqual(expected);
  });

  it("is predicted alike by a model of any of them, or refused by name", async () => {
    const seen = { equal: 0, refused: 0 };
    await fc.assert(
      fc.asyncProperty(seeds, async (shape) => {
        const table = tableOf(shape);
        const files = filesOf(table);
        for (const trained of Object.keys(files)) {
          const model = await trainedOn(trained, files, table, { standardize: true });
          const own = await predictions(model, trained, files);
          expect(own).toHaveLength(table.rows.length);
          for (const name of Object.keys(files)) {
            const other = await outcome(predictions(model, name, files));
            if (other instanceof RunError) {
              seen.refused++;
              expect(other.message).toContain(name);
              expect(other.hint).not.toBe("");
            } else {
              seen.equal++;
              expect({ trained, name, said: other }).toEqual({ trained, name, said: own });
            }
          }
        }
      }),
      fuzzing(4, 200),
    );
    console.log(`pairs of formats: ${seen.equal} predicted alike, ${seen.refused} refused`);
    expect(seen.equal).toBeGreaterThan(seen.refused);
  });

  it("is the same bits and predictions where the spec says what columns become", async () => {
    await fc.assert(
      fc.asyncProperty(seeds, fc.nat(1_000), async (shape, choice) => {
        const table = tableOf(shape);
        const own = table.names.slice(0, -1).map((name, i) => {
          const forms = choices[name.split(" ")[0]!]!;
          return [name, forms[(choice + i) % forms.length]!] as const;
        });
        const more = { test: 0.25, columns: Object.fromEntries(own) };
        const files = filesOf(table);
        const names = ["csv", "tsv", "jsonl", "parquet", "feather", "arrows"].map((e) => `t.${e}`);
        const first = await trainedOn(names[0]!, files, table, more);
        const said = await predictions(first, names[0]!, files);
        const bits = ({ prepared: { train, test } }: Trained) =>
          [...train, ...test].map(({ sha256 }) => sha256);
        for (const name of names) {
          const made = await trainedOn(name, files, table, more);
          expect({ name, bits: bits(made) }).toEqual({ name, bits: bits(first) });
          expect(await predictions(first, name, files)).toEqual(said);
          expect(await predictions(made, names[0]!, files)).toEqual(said);
        }
      }),
      fuzzing(6, 300),
    );
  });

  it("is refused where it lacks a column, in every format", async () => {
    const shape = { seed: 1, rows: 9, isClasses: false, hasGaps: false };
    const table = tableOf({ ...shape, kinds: ["whole", "real", "tiny"] });
    const less = { names: table.names.slice(2), rows: table.rows.map((row) => row.slice(2)) };
    const [files, others] = [filesOf(table), filesOf(less)];
    for (const name of ["t.csv", "t.tsv", "t.jsonl", "t.parquet", "t.npy"]) {
      const model = await trainedOn(name, files, table, {});
      const { message, hint } = await refusal(predictions(model, name, others));
      expect(message).toMatch(/column "(whole 0|real 1|column2)" is absent/);
      expect(hint).toMatch(/trained on it/);
    }
  });
});

async function outcome<T>(promise: Promise<T>): Promise<T | RunError> {
  return promise.catch((thrown: unknown) => {
    if (thrown instanceof RunError) return thrown;
    throw thrown;
  });
}
