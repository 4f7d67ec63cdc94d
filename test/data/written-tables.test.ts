import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { parseOptions } from "../../src/core/registry.ts";
import { type DenseWindow, newLevels } from "../../src/data/formats/table.ts";
import type { Preparation } from "../../src/data/manifests.ts";
import { dataSchema } from "../../src/data/options.ts";
import { readExamples } from "../../src/data/parts/load-parts.ts";
import type { TargetKind } from "../../src/data/prepare/feature-column.ts";
import { openInput } from "../../src/data/prepare/input.ts";
import { prepareDataSet } from "../../src/data/prepare/prepare.ts";
import { transformer } from "../../src/data/prepare/transform.ts";
import { openDataSource } from "../../src/platform/open-source.ts";
import { memoryStore, prepared as preparedText, refusal } from "./fixtures.ts";

/** A table as a library wrote it, and what is to be made of it: every .json of the folder. */
interface Case {
  readonly file: string;
  readonly task: TargetKind;
  readonly data: object;
  /** Of features in file order, neither scaled nor with an intercept. */
  readonly features: readonly string[];
  readonly rows: readonly (readonly number[])[];
  /** The column that a note says is left out. */
  readonly leftOut?: string;
  /** Files with the same rows: the model trained on this one reads the same of them. */
  readonly same?: readonly string[];
  /** Files that a model trained on this one must refuse, and what the message says. */
  readonly refuses?: Readonly<Record<string, string>>;
  /** What the message says where the table itself is refused. */
  readonly refused?: string;
}

const folder = join(import.meta.dirname, "../fixtures/tables");
const names = readdirSync(folder).filter((name) => name.endsWith(".json"));
const cases = names.map((name): Case & { name: string } => ({
  name: name.replace(/\.json$/, ""),
  ...(JSON.parse(readFileSync(join(folder, name), "utf8")) as Case),
}));

async function prepared({ file, task, data }: Case, more: object = {}) {
  const plain = { standardize: false, intercept: false };
  const options = parseOptions(
    dataSchema,
    { source: join(folder, file), ...plain, ...data, ...more },
    "data",
  );
  const notes: string[] = [];
  const ports = {
    open: openDataSource,
    store: memoryStore(),
    onNote: (text: string) => notes.push(text),
  };
  const made = await prepareDataSet({ data: options, task, seed: 1 }, ports);
  return { preparation: made.preparation, notes, made, store: ports.store };
}

/** What a model trained on one file reads of another. */
async function read(preparation: Preparation, file: string) {
  const reading = parseOptions(dataSchema, { source: "-" }, "data");
  const notes: string[] = [];
  const { batches } = transformer(preparation, reading, (text) => notes.push(text));
  const rows: number[][] = [];
  const targets: number[] = [];
  for await (const batch of batches(join(folder, file), openDataSource)) {
    const { columns, values } = batch.rows;
    for (let row = 0; row < batch.rows.rows; row++)
      rows.push([...values.subarray(row * columns, (row + 1) * columns)]);
    targets.push(...(batch.targets ?? []));
  }
  return { rows, targets, notes };
}

describe("a table as a library wrote it", () => {
  const right = cases.filter(({ refused }) => refused === undefined);
  test.each(right)("$name gives the features that its writer wrote", async (one) => {
    const { preparation, notes } = await prepared(one);
    expect(preparation.featureNames).toEqual(one.features);
    const own = await read(preparation, one.file);
    expect(own.rows).toEqual(one.rows.map((row) => row.map(Math.fround)));
    expect(own.targets.some(Number.isNaN)).toBe(false);
    if (one.leftOut !== undefined) {
      expect(notes.join()).toContain(JSON.stringify(one.leftOut));
      expect(own.notes).toEqual(notes.filter((note) => note.includes("is left out")));
    }
    for (const file of one.same ?? []) {
      const { rows, targets } = await read(preparation, file);
      expect({ file, rows, targets }).toEqual({ file, rows: own.rows, targets: own.targets });
    }
    for (const [file, message] of Object.entries(one.refuses ?? {}))
      expect((await refusal(read(preparation, file))).message).toMatch(new RegExp(message));
  });

  const wrong = cases.filter(({ refused }) => refused !== undefined);
  test.each(wrong)("$name is refused with the column's name", async (one) => {
    expect((await refusal(prepared(one))).message).toMatch(new RegExp(one.refused!));
  });

  test("may be a model's test rows in another format", async () => {
    for (const name of ["pandas-index.csv", "classes-pandas-named-index.parquet"]) {
      const one = cases.find((candidate) => candidate.name === name)!;
      for (const test of ["r-row-names.csv", "pandas-unnamed-index.parquet"]) {
        const { store, made } = await prepared(one, { test: join(folder, test) });
        const sides = [made.train, made.test].map((parts) =>
          readExamples(store, parts, made.columns),
        );
        const [trained, tested] = (await Promise.all(sides)).map(({ rows, targets }) =>
          [...targets.keys()]
            .map((i) => [...rows.values.subarray(i * made.columns, (i + 1) * made.columns)])
            .map((row, i) => [...row, targets[i]].join())
            .sort(),
        );
        expect(tested).toEqual(trained);
      }
    }
  });

  test("may be long, in batches whose packed blocks hang together", async () => {
    const data = parseOptions(dataSchema, { source: join(folder, "long.feather") }, "data");
    const input = await openInput(data, openDataSource);
    const column = { kind: "number", missing: "refuse", isTarget: false } as const;
    const table = await input.table(
      (found) => found.map(({ name }) => ({ ...column, name, levels: newLevels(0) })),
      () => undefined,
    );
    let cells = 0;
    for await (const window of table.windows())
      for (const cell of (window as DenseWindow).cells.subarray(0, 2 * window.rows))
        if (cell !== ((cells++ >> 1) % 997) / 8) throw new Error(`cell ${cells} is ${cell}`);
    expect(cells).toBe(120_000);
  });

  test("that is private says by its name alone what is left out", async () => {
    const files = { "t.csv": ",x,y\n1,0.5,1\n1,1.5,2\n2,2.5,4\n" };
    const isPrivate = true;
    const given = (more: object) =>
      preparedText(files, { source: "t.csv", target: "y", ...more }, { isPrivate });
    expect((await refusal(given({}))).message).toContain("first column has no name");
    expect((await given({ drop: ["column0"] })).prepared.columns).toBe(2);
  });
});
