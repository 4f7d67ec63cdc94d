import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { handOver } from "../hand-over.ts";
import { allLines } from "./all-lines.ts";
import { runJob } from "./job.ts";
import { type Job, type Line, reasonsIn, type Told, verdictOf, written } from "./line.ts";
import { installTest } from "./platform-lines.ts";

/**
 * All that is to be quick in one table: today's build, the one before and the target of each line,
 * and why what is missed is missed (`reasons.txt`). Benches run one after another.
 * `npm run bench -- table --before FOLDER [NAMES]`: FOLDER is a built checkout of another day,
 * NAMES are rows' numbers, or names of lines or benches; all where absent, but for
 * `install-test`, which is timed where it is named, or told by `--install-test SECONDS`.
 * `--without NAME,NAME` leaves some out; `--small` shows that it works, by sizes too small to tell.
 */
const { values, positionals } = parseArgs({
  args: process.argv.slice(2),
  allowPositionals: true,
  options: {
    before: { type: "string" },
    without: { type: "string", default: "" },
    small: { type: "boolean", default: false },
    "install-test": { type: "string" },
  },
});
const options = {
  before: values.before === undefined ? null : resolve(values.before),
  isSmall: values.small,
};
const without = values.without.split(",").filter((name) => name !== "");
const unknown = [...positionals, ...without].filter((name) => !allLines.some(isNamed(name)));
if (unknown.length > 0) {
  const names = [...new Set(allLines.flatMap(({ name, job }) => [job.name, name]))];
  throw new Error(`no such row: ${unknown.join(", ")}; there are ${names.join(", ")}`);
}
const lines = allLines
  .filter((line) =>
    positionals.length === 0 ? isUsual(line) : positionals.some((name) => isNamed(name)(line)),
  )
  .filter((line) => !without.some((name) => isNamed(name)(line)));

const told = new Map<Job, Told>();
const begunMs = performance.now();
for (const job of new Set(lines.map((line) => line.job))) {
  const jobMs = performance.now();
  told.set(job, await toldBy(job));
  console.log(`  (${((performance.now() - jobMs) / 1000).toFixed(0)} s)`);
}

const reasons = reasonsIn(readFileSync(join(import.meta.dirname, "reasons.txt"), "utf8"));
const results = lines.map((line) => {
  const of = told.get(line.job)!;
  const { isMet, words } = verdictOf(line, of);
  const reason = isMet === false ? (reasons.get(line.name) ?? "") : "";
  const { row, name, work, filed, target, unit } = line;
  const [before, now] = [line.before?.(of) ?? null, line.now(of)];
  return { row, name, work, filed, before, now, target, is: line.is, unit, isMet, words, reason };
});
console.log();
const heads = ["row", "work", "filed", "before", "now", "target", "", "why"];
const cells = results.map(({ row, work, filed, unit, words, reason, ...one }) => [
  ...[String(row), work, filed, written(one.before, unit), written(one.now, unit)],
  ...[`${one.is === "at least" ? ">=" : "<="} ${written(one.target, unit)}`, words, reason],
]);
const widths = heads.map((head, i) => Math.max(head.length, ...cells.map((row) => row[i]!.length)));
for (const row of [heads, ...cells])
  console.log(
    row
      .map((cell, i) => cell.padEnd(widths[i]!))
      .join("  ")
      .trimEnd(),
  );
const count = (isMet: boolean | null) => results.filter((one) => one.isMet === isMet).length;
const minutes = (performance.now() - begunMs) / 60_000;
console.log(
  `\n${count(true)} met, ${count(false)} missed, ${count(null)} without a figure; ` +
    `${minutes.toFixed(1)} minutes${options.isSmall ? "; small sizes: they tell nothing" : ""}`,
);
handOver({ bench: "table", minutes, isSmall: options.isSmall, results });
if (count(null) > 0) process.exitCode = 1;

function isNamed(name: string): (line: Line) => boolean {
  return (line) => [String(line.row), line.name, line.job.name].includes(name);
}

function isUsual({ job }: Line): boolean {
  return job !== installTest || values["install-test"] !== undefined;
}

async function toldBy(job: Job): Promise<Told> {
  const given = values["install-test"];
  if (job !== installTest || given === undefined) return runJob(job, options);
  return { now: { seconds: Number(given) }, before: null };
}
