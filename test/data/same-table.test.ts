import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { RunError } from "../../src/core/errors.ts";
import { fuzzing } from "../campaign.ts";
import { refusal } from "./fixtures.ts";
import {
  choices,
  filesOf,
  type Made,
  outcome,
  predictions,
  seeds,
  type Trained,
  tableOf,
  trainedOn,
} from "./made-tables.ts";

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
