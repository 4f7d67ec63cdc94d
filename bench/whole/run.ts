import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { handOver } from "../hand-over.ts";
import { type Command, type CommandFigures, median, timeCommand } from "./command.ts";
import { features, writeSparse, writeTable } from "./data-files.ts";
import { firstRoundRow } from "./first-round-row.ts";
import { lateRow } from "./late-row.ts";
import { tailRow } from "./tail-row.ts";

/**
 * Whole commands, from the start of the process to its end, beside peers in the same run and by
 * turns. `npm run bench -- whole [ridge logistic lasso sparse first-round late tail]`, all but
 * named ones left out. `--megabytes 89` is the size of the tables (20 where absent: a minute),
 * `--repetitions 3`, `--before FOLDER` another build's folder that has `dist/`, `--workers 8` of
 * the first round: more than that are emulated alone, beside no peer. KOFN_PEERS_PYTHON names a
 * Python with scikit-learn, pandas, pyarrow and ray.
 */
const { values, positionals } = parseArgs({
  args: process.argv.slice(2),
  allowPositionals: true,
  options: {
    megabytes: { type: "string", default: "20" },
    repetitions: { type: "string", default: "3" },
    before: { type: "string" },
    workers: { type: "string", default: "8" },
  },
});
const megabytes = Number(values.megabytes);
const repetitions = Number(values.repetitions);
const workers = Number(values.workers);
const python = process.env.KOFN_PEERS_PYTHON ?? "python3";
const builds: [string, string][] = [["kofn", resolve(import.meta.dirname, "../..")]];
if (values.before !== undefined) builds.push(["kofn before", resolve(values.before)]);

/** Objectives count as equal below this relative difference. */
const gapMax = 1e-4;

interface Row {
  readonly problem: { readonly type: string; readonly l1?: number; readonly l2?: number };
  readonly file: string;
  readonly write: (path: string) => Promise<number>;
  /** Scikit-learn's, of a solver that takes one: the loosest that reaches the same objective. */
  readonly peerTolerance: number;
  readonly isSparse?: boolean;
}

const table = (isClasses: boolean) => (path: string) =>
  writeTable(path, { bytes: megabytes * 1e6, isClasses });
/** 200,000 rows are about 89 MB. */
const sparseShape = { rows: Math.round((200_000 * megabytes) / 89), columns: 100_000, entries: 47 };

const rows: Readonly<Record<string, Row>> = {
  ridge: {
    problem: { type: "ridge", l2: 0.001 },
    file: "numbers.csv",
    write: table(false),
    peerTolerance: 1e-4,
  },
  lasso: {
    problem: { type: "lasso", l1: 0.01 },
    file: "numbers.csv",
    write: table(false),
    peerTolerance: 1e-4,
  },
  logistic: {
    problem: { type: "logistic", l2: 0.001 },
    file: "classes.csv",
    write: table(true),
    peerTolerance: 1e-4,
  },
  sparse: {
    problem: { type: "logistic", l2: 0.0001 },
    file: "rows.libsvm",
    write: (path) => writeSparse(path, sparseShape),
    peerTolerance: 1e-5,
    isSparse: true,
  },
};

const others = ["first-round", "late", "tail"];
const wanted = positionals.length > 0 ? positionals : [...Object.keys(rows), ...others];
const unknown = wanted.filter((name) => !others.includes(name) && !(name in rows));
if (unknown.length > 0) throw new Error(`no such row: ${unknown.join(", ")}`);
const folder = await mkdtemp(join(tmpdir(), "kofn-whole-"));
const results: object[] = [];
try {
  for (const [name, row] of Object.entries(rows))
    if (wanted.includes(name)) results.push(await compare(name, row));
  if (wanted.includes("first-round"))
    results.push(...(await firstRoundRow({ folder, builds, python, repetitions, workers })));
  if (wanted.includes("late"))
    results.push(...(await lateRow({ folder, builds, python, repetitions })));
  if (wanted.includes("tail"))
    results.push(...(await tailRow({ folder, builds, megabytes, repetitions })));
} finally {
  await rm(folder, { recursive: true, force: true, maxRetries: 5 });
}
handOver({ bench: "whole", megabytes, repetitions, results });

async function compare(name: string, row: Row): Promise<object> {
  const path = join(folder, row.file);
  const count = await row.write(path);
  const spec = join(folder, `${name}.yaml`);
  await writeFile(spec, JSON.stringify(specOf(path, row)));
  const contestants: [string, (turn: number) => Command][] = [
    ...builds.map(([label, root]): [string, (turn: number) => Command] => [
      label,
      (turn) => ({
        program: process.execPath,
        arguments: [join(root, "dist/src/cli/main.js"), "run", spec, "--json"].concat([
          ...["--backend", "threads"],
        ]),
        environment: { KOFN_HOME: join(folder, `home-${label.length}-${turn}`) },
      }),
    ]),
    ["scikit-learn", () => peer(path, row)],
  ];
  const figures = new Map<string, CommandFigures[]>();
  for (let turn = 0; turn < repetitions; turn++)
    for (const [label, command] of contestants) {
      const one = timeCommand(folder, command(turn));
      if (one !== null) figures.set(label, [...(figures.get(label) ?? []), one]);
      for (const [other] of builds)
        await rm(join(folder, `home-${other.length}-${turn}`), { recursive: true, force: true });
    }
  await rm(path);
  console.log(
    `\n${name}: ${count} rows, ${row.isSparse ? sparseShape.columns : features} features`,
  );
  return { name, rows: count, ...report(figures) };
}

function specOf(path: string, { problem, isSparse }: Row): object {
  return {
    problem,
    // The peer takes sparse rows as they are.
    data: isSparse ? { source: path, standardize: false } : { source: path, target: "y" },
    workers: 2,
    wait: "all",
    encoding: "uncoded",
    stop: { rounds: 500, tolerance: 1e-4 },
  };
}

function peer(path: string, { problem, peerTolerance: tol, isSparse = false }: Row): Command {
  const { type, l1 = 0, l2 = 0 } = problem;
  const [model, sparse] = [join(folder, "model.npz"), isSparse];
  return {
    program: python,
    arguments: [resolve(import.meta.dirname, "../peers/sklearn_whole.py")],
    input: { path, problem: type, l1, l2, tol, sparse, model },
  };
}

/** Prints a line for each contestant, and the ratio of each to the first. */
function report(figures: ReadonlyMap<string, readonly CommandFigures[]>): object {
  const told: Record<string, object> = {};
  const best = Math.min(
    ...[...figures.values()].map((ones) => Number(ones.at(-1)!.last.objective)),
  );
  const oursSeconds = median((figures.get("kofn") ?? []).map(({ seconds }) => seconds));
  for (const [label, ones] of figures) {
    const seconds = median(ones.map((one) => one.seconds));
    const processorSeconds = median(ones.map((one) => one.processorSeconds));
    const peakMegabytes = median(ones.map((one) => one.peakMegabytes));
    const { version = "", objective, rounds = "" } = ones.at(-1)!.last;
    const gap = Number(objective) / best - 1;
    told[label] = { seconds, processorSeconds, peakMegabytes, objective, version, rounds };
    console.log(
      `${label.padEnd(14)} ${seconds.toFixed(2).padStart(7)} s ` +
        `${processorSeconds.toFixed(2).padStart(7)} processor s ` +
        `${peakMegabytes.toFixed(0).padStart(6)} MB  kofn ${(seconds / oursSeconds).toFixed(2)}x ` +
        `as quick; objective ${objective} (+${gap.toExponential(1)}` +
        `${gap > gapMax ? ", NOT EQUAL" : ""}) ${version}`,
    );
  }
  return told;
}
