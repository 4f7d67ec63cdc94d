import { existsSync } from "node:fs";
import { line, ruleY } from "@observablehq/plot";
import { realData } from "../../test/data/fixtures.ts";
import { handOver } from "../hand-over.ts";
import { writePlot } from "../plot.ts";
import { numberOption } from "../simulated.ts";
import {
  bestOf,
  endOf,
  type Outcome,
  outcomeOf,
  type Point,
  type Row,
  reachedAt,
  type Tuning,
} from "./outcome.ts";
import { temporaryHome } from "./temporary-home.ts";

/**
 * Softmax on the digits with 15 workers and batches of 8: bits up, and down, until the training
 * loss is first within 1 % of where dense synchronous SGD ends, for some compressors and H = 1, 4,
 * 8 local steps. Every row, dense SGD too, has the same grid of step lengths and outer momenta, and
 * is told by the one that gets there with the fewest bits; dense SGD's end is the lowest of all.
 *
 * `--steps 4800`: local steps of every run.
 * `--k 20 --local 8`: rows of one k and H besides dense SGD's own. `--down 20`: of these, only
 * those whose weights go down compressed too.
 */
const source = `${realData}/digits.csv`;
if (!existsSync(source)) {
  console.log(`skipped: ${source} is not there (KOFN_DATA names the folder)`);
  handOver({ bench: "qsparse", skipped: true });
  process.exit(0);
}
const steps = numberOption("steps", 4800);
/** Loss within so much of dense SGD's counts as reached. */
const tolerance = 0.01;
const grid: readonly Tuning[] = [
  { scale: 1200, shift: 400, outer: 0 },
  { scale: 2000, shift: 800, outer: 0 },
  { scale: 1200, shift: 800, outer: 0.5 },
];
const dense: Row = { name: "dense", compression: null, local: 1 };
const compressions: readonly Row["compression"][] = [
  null,
  { type: "top-k", k: 20 },
  { type: "sign-top-k", k: 20, scale: "byte" },
];
/** Told where payloads are fewest: what the exact scale costs, and both ways compressed. */
const atLast: readonly Row["compression"][] = [
  { type: "sign-top-k", k: 20 },
  ...[20, 40].map((k) => ({
    ...{ type: "sign-top-k", k: 20, scale: "byte" },
    down: { type: "top-k", k },
  })),
];

const home = await temporaryHome();
const bench = { source, home: home.path, rows: 1797, workers: 15, steps };
const tried: Outcome[][] = [];
for (const row of rowsAsked()) {
  const outcomes: Outcome[] = [];
  for (const tuning of grid) {
    const outcome = await outcomeOf(bench, row, tuning);
    outcomes.push(outcome);
    const { objective } = endOf(outcome);
    console.error(`${row.name}, H = ${row.local}, ${worded(tuning)}: loss ${objective.toFixed(5)}`);
  }
  tried.push(outcomes);
}
await home.remove();

const denseEnd = Math.min(...tried[0]!.map((outcome) => endOf(outcome).objective));
const aim = denseEnd * (1 + tolerance);
const best = tried.map((outcomes) => bestOf(outcomes, aim));
const whole = endOf(best[0]!);
const denseReached = reachedAt(best[0]!, aim)!;
console.log(`dense SGD, ${steps} steps: loss ${denseEnd.toFixed(5)}; reached: ${aim.toFixed(5)}`);
const heads = ["c/(a+t), m", "end loss", "of dense", "steps", "Mbit up", "x to loss", "x to end"];
const downHeads = ["Mbit down", "x to loss", "x both"];
console.log(cellsOf("", "H", [...heads, ...downHeads]));
const results = best.map((outcome) => {
  const { row, tuning } = outcome;
  const { objective } = endOf(outcome);
  const reached = reachedAt(outcome, aim);
  const fewerUp = reached && denseReached.bitsUp / reached.bitsUp;
  const fewerUpToEnd = reached && whole.bitsUp / reached.bitsUp;
  const fewerDown = reached && denseReached.bitsDown / reached.bitsDown;
  const fewerBoth = reached && both(denseReached) / both(reached);
  const cells = [
    worded(tuning),
    objective.toFixed(5),
    (objective / denseEnd).toFixed(4),
    reached?.step.toString() ?? "-",
    reached === null ? "-" : (reached.bitsUp / 1e6).toFixed(3),
    fewerUp?.toFixed(0) ?? "-",
    fewerUpToEnd?.toFixed(0) ?? "-",
    reached === null ? "-" : (reached.bitsDown / 1e6).toFixed(1),
    fewerDown?.toFixed(1) ?? "-",
    fewerBoth?.toFixed(1) ?? "-",
  ];
  console.log(cellsOf(row.name, String(row.local), cells));
  return { ...row, tuning, objective, reached, fewerUp, fewerUpToEnd, fewerDown, fewerBoth };
});
const least = results.reduce((a, b) => ((b.fewerUp ?? 0) > (a.fewerUp ?? 0) ? b : a));
console.log(
  `best: ${least.name}, H = ${least.local}: ${least.fewerUp?.toFixed(0)} times fewer bits up ` +
    "than dense SGD to the same loss, " +
    `${least.fewerUpToEnd?.toFixed(0)} times fewer than to its end`,
);
const fewest = results.reduce((a, b) => ((b.fewerBoth ?? 0) > (a.fewerBoth ?? 0) ? b : a));
console.log(
  `both ways: ${fewest.name}, H = ${fewest.local}: ${fewest.fewerBoth?.toFixed(0)} times fewer ` +
    "bits than dense SGD to the same loss, first downloads and those after losses included",
);
console.log(`plot: ${plotted()}`);
handOver({ bench: "qsparse", steps, dense: denseEnd, aim, results });

/** All of them where the options are absent; dense SGD first. */
function rowsAsked(): Row[] {
  const rows = [1, 4, 8].flatMap((local) =>
    [...compressions, ...(local === 8 ? atLast : [])]
      .filter((compression) => isAsked("local", local) && isAsked("k", compression?.k ?? 0))
      .filter((compression) => isAsked("down", compression?.down?.k ?? 0))
      .map((compression) => ({
        name: nameOf(compression),
        compression,
        local,
      })),
  );
  return [dense, ...rows.filter(({ compression, local }) => compression !== null || local > 1)];
}

function isAsked(option: string, value: number): boolean {
  const asked = numberOption(option, -1);
  return asked === -1 || asked === value;
}

function nameOf(compression: Row["compression"]): string {
  if (compression === null) return "dense";
  const { type, k, scale, down } = compression;
  const below = down === undefined ? "" : `, ${down.k} down`;
  return `${type} ${k}${scale === undefined ? "" : ` ${scale}`}${below}`;
}

function worded({ scale, shift, outer }: Tuning): string {
  return `${scale}/(${shift}+t)${outer === 0 ? "" : `, ${outer}`}`;
}

function both({ bitsUp, bitsDown }: Point): number {
  return bitsUp + bitsDown;
}

function cellsOf(name: string, local: string, [tuning, ...cells]: readonly string[]): string {
  const first = name.padEnd(28) + local.padStart(3) + tuning!.padStart(19);
  return first + cells.map((cell) => cell.padStart(10)).join("");
}

function plotted(): string {
  const points = best.flatMap(({ row: { name, local }, curve }) =>
    curve.slice(1).map(({ bitsUp, objective }) => ({ name, local, bits: bitsUp / 1e6, objective })),
  );
  return writePlot("qsparse", {
    x: { type: "log", label: "Mbit up", grid: true },
    y: { type: "log", label: "loss", grid: true },
    color: { legend: true },
    fx: { label: "local steps" },
    marks: [
      line(points, { x: "bits", y: "objective", stroke: "name", fx: "local" }),
      ruleY([aim], { strokeDasharray: "3" }),
    ],
  });
}
