import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test, vi } from "vitest";
import { allLines } from "../../bench/table/all-lines.ts";
import { runJob } from "../../bench/table/job.ts";
import { type Line, pick, reasonsIn, verdictOf, written } from "../../bench/table/line.ts";

const bench = join(import.meta.dirname, "../../bench");
const line: Line = {
  ...{ row: 1, name: "a", work: "w", filed: "1", unit: "x", target: 2, is: "at least" },
  job: { name: "j", arguments: () => [] },
  now: ({ now }) => pick(now, "results", { name: "b", label: "c" }, "seconds"),
};
const told = (seconds: unknown) => {
  const results = [{ name: "b" }, { name: "b", label: "c", seconds }];
  return { now: { results }, before: null };
};

test.each([
  [3, "at least", true, "met by 50 %"],
  [2, "at least", true, "met by 0 %"],
  [1.5, "at least", false, "missed by 25 %"],
  [1.5, "at most", true, "met by 25 %"],
  [3, "at most", false, "missed by 50 %"],
  [Number.NaN, "at most", null, "no figure"],
] as const)("a figure of %d for 2 %s: %s", (seconds, is, isMet, words) => {
  expect(verdictOf({ ...line, is }, told(seconds))).toEqual({ isMet, words });
});

test("a target may be met in another way, and is not where that is missed too", () => {
  const way = (isMet: boolean) => ({ ...line, otherwise: () => ({ isMet, words: "y" }) });
  expect(verdictOf(way(true), told(1))).toEqual({ isMet: true, words: "met: y" });
  expect(verdictOf(way(false), told(1))).toEqual({ isMet: false, words: "missed by 50 %: y" });
  expect(verdictOf(way(false), told(4))).toEqual({ isMet: true, words: "met by 100 %" });
});

test("figures are written with their unit", () => {
  const figures = [written(0.1234, "s"), written(31.44, "x"), written(7.81, "%")];
  expect(figures).toEqual(["0.123 s", "31.4x", "7.8 %"]);
  expect(written(null, "s")).toBe("-");
});

test("every line is of a bench that hands its figures over, and has a name of its own", () => {
  expect(new Set(allLines.map(({ name }) => name)).size).toBe(allLines.length);
  for (const { job } of allLines)
    for (const isSmall of [true, false]) {
      const [name = ""] = job.arguments({ before: "/before", isSmall });
      const script = job.script ?? `bench/${name}/run.ts`;
      expect(readFileSync(join(bench, "..", script), "utf8")).toContain("handOver(");
    }
});

test("benches that print figures as JSON hand them over", () => {
  const printed = readdirSync(bench)
    .map((name) => join(bench, name, "run.ts"))
    .filter((path) => existsSync(path) && /console.log\(\s*JSON/.test(readFileSync(path, "utf8")));
  expect(printed).toEqual([]);
});

test("every reason is of a line", () => {
  const reasons = reasonsIn(readFileSync(join(bench, "table/reasons.txt"), "utf8"));
  const names = allLines.map(({ name }) => name);
  expect([...reasons.keys()].filter((name) => !names.includes(name))).toEqual([]);
  const text = "# no reason\na: one\n  two\n\nb: c: d\n";
  expect([...reasonsIn(text)]).toEqual([...Object.entries({ a: "one two", b: "c: d" })]);
  expect(() => reasonsIn("words")).toThrow("no reason");
});

test("figures are those handed over, and of an older bench those that it printed", async () => {
  vi.spyOn(console, "log").mockImplementation(() => {});
  const folder = mkdtempSync(join(tmpdir(), "kofn-table-"));
  const [script, broken] = [join(folder, "now.mjs"), join(folder, "broken.mjs")];
  const telling = 'import { handOver } from "BENCH/hand-over.ts"; handOver({ bench: "b", a: 1 });';
  writeFileSync(script, `${telling.replace("BENCH", bench)} console.log('{"a": 2}');`);
  writeFileSync(broken, 'console.log("words"); process.exit(1);');
  mkdirSync(join(folder, "bench"));
  const older = "console.log(JSON.stringify({ a: +process.argv[2] })); console.log('bye');";
  writeFileSync(join(folder, "bench/run.ts"), older);
  const options = { before: null, isSmall: true };
  const now = { name: "j", script, arguments: () => [] };
  expect(await runJob(now, options)).toEqual({ now: { bench: "b", a: 1 }, before: null });
  const both = { ...now, before: () => ["3"] };
  const before = await runJob(both, { before: folder, isSmall: true });
  expect(before).toEqual({ now: { bench: "b", a: 1 }, before: { a: 3 } });
  const failing = { name: "j", script: broken, arguments: () => [] };
  expect(await runJob(failing, options)).toEqual({ now: null, before: null });
});
