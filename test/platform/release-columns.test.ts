import { expect, test } from "vitest";
import type { DataInput } from "../../src/data/options.ts";
import { refuseLearned } from "../../src/platform/training/release-table.ts";
import { resolveSpec } from "../../src/run/resolve-spec.ts";

const specOf = (data: DataInput) =>
  resolveSpec({
    problem: "ridge",
    data: { source: "t.csv", target: "y", standardize: false, ...data },
  });

test.each<[DataInput, RegExp]>([
  [{ columns: { a: "frequency" } }, /data\.columns\.a: frequency, but how often each word/],
  [{ columns: { a: "category" } }, /data\.columns\.a: category, but which levels/],
  [{ columns: { a: { type: "date", as: "parts" } } }, /data\.columns\.a: date, but whether there/],
  [{ dates: "parts" }, /data\.dates: parts, but whether there are times/],
])("a release of what %j learns of the rows is refused", (data, message) => {
  expect(() => refuseLearned(specOf(data))).toThrow(message);
});

test("a release of what a spec states alone is none of that", () => {
  const columns: DataInput["columns"] = {
    a: "hash",
    b: { type: "ordinal", levels: ["low", "high"] },
    c: { type: "date", as: "parts", times: true },
    d: "drop",
    e: "number",
  };
  refuseLearned(specOf({ columns }));
});
