import { existsSync } from "node:fs";
import { line, ruleY } from "@observablehq/plot";
import { withRun } from "../../src/backends/with-run.ts";
import { type Trained, train } from "../../src/index.ts";
import type { RunEvent } from "../../src/ports/events.ts";
import { readHistory } from "../../src/run/finish.ts";
import type { RunInput } from "../../src/run/spec.ts";
import { realData } from "../../test/data/fixtures.ts";
import { writePlot } from "../plot.ts";
import { numberOption } from "../simulated.ts";
import { temporaryHome } from "./temporary-home.ts";

/**
 * Softmax on the digits with 15 workers and batches of 8: bits up, and down, until the loss that
 * dense synchronous SGD ends at is reached, for some compressors and H = 1, 4, 8 local steps. The
 * learning rate is c / (a + t); c is the better of two for each: the one that gets there with fewer
 * bits.
 *
 * `--steps 2400`: local steps of dense SGD; those with H > 1 may take half as many more.
 * `--k 25 --local 8 --scale 700`: one row besides dense SGD's own, at one c.
 */
const source = `${realData}/digits.csv`;
if (!existsSync(source)) {
  console.log(`skipped: ${source} is not there (KOFN_DATA names the folder)`);
  console.log(JSON.stringify({ bench: "qsparse", skipped: true }));
  process.exit(0);
}
const steps = numberOption("steps", 2400);
const rows = 1797;
const workers = 15;
const shift = 400;
const scales = [400, 700].filter((scale) => isAsked("scale", scale));
/** Loss within so much of dense SGD's counts as reached. */
const tolerance = 0.01;

const compressions = [
  { name: "dense" },
  { name: "top-k 20", compression: { type: "top-k", k: 20 } },
  { name: "sign-top-k 20", compression: { type: "sign-top-k", k: 20 } },
  { name: "sign-top-k 25", compression: { type: "sign-top-k", k: 25 } },
  { name: "sign-top-k 40", compression: { type: "sign-top-k", k: 40 } },
];

interface Point {
  readonly step: number;
  readonly objective: number;
  readonly bitsUp: number;
  readonly bitsDown: number;
}

interface Outcome {
  readonly name: string;
  readonly local: number;
  readonly scale: number;
  readonly curve: readonly Point[];
  readonly objective: number;
}

const home = await temporaryHome();
const outcomes: Outcome[] = [];
for (const local of [1, 4, 8]) {
  for (const { name, compression } of compressions) {
    const isReference = outcomes.length === 0;
    if (!isReference && !(isAsked("local", local) && isAsked("k", compression?.k ?? 0))) continue;
    const tried: Outcome[] = [];
    for (const scale of scales) tried.push(await outcome(name, compression, local, scale));
    const aim = outcomes.length === 0 ? 0 : aimOf(outcomes[0]!);
    outcomes.push(tried.reduce((best, one) => (isBetter(one, best, aim) ? one : best)));
    const { objective, scale } = outcomes.at(-1)!;
    console.error(`${name}, H = ${local}: c = ${scale}, loss ${objective.toFixed(5)}`);
  }
}
await home.remove();

const dense = outcomes[0]!;
const aim = aimOf(dense);
const denseUp = dense.curve.at(-1)!.bitsUp;
const denseDown = dense.curve.at(-1)!.bitsDown;
console.log(`dense SGD, ${steps} steps: loss ${dense.objective.toFixed(5)}; reached: within 1 %`);
const heads = [
  "H",
  "c",
  "end loss",
  "of dense",
  "reached at",
  "Mbit up",
  "x fewer",
  "Mbit down",
  "x fewer",
];
console.log("".padEnd(16) + heads.map((head) => head.padStart(11)).join(""));
const results = outcomes.map(({ name, local, scale, curve, objective }) => {
  const reached = reachedAt(curve, aim);
  const fewerUp = reached === null ? null : denseUp / reached.bitsUp;
  const fewerDown = reached === null ? null : denseDown / reached.bitsDown;
  const cells = [
    String(local),
    String(scale),
    objective.toFixed(5),
    (objective / dense.objective).toFixed(4),
    reached === null ? "-" : String(reached.step),
    reached === null ? "-" : (reached.bitsUp / 1e6).toFixed(3),
    fewerUp === null ? "-" : fewerUp.toFixed(0),
    reached === null ? "-" : (reached.bitsDown / 1e6).toFixed(1),
    fewerDown === null ? "-" : fewerDown.toFixed(1),
  ];
  console.log(name.padEnd(16) + cells.map((cell) => cell.padStart(11)).join(""));
  return { name, local, scale, objective, reached, fewerUp, fewerDown };
});
const best = results.reduce((most, one) => ((one.fewerUp ?? 0) > (most.fewerUp ?? 0) ? one : most));
console.log(
  `best: ${best.name}, H = ${best.local}: ${best.fewerUp?.toFixed(0)} times fewer bits up`,
);
const page = writePlot("qsparse", {
  x: { type: "log", label: "Mbit up", grid: true },
  y: { type: "log", label: "loss", grid: true },
  color: { legend: true },
  fx: { label: "local steps" },
  marks: [
    line(
      outcomes.flatMap(({ name, local, curve }) =>
        curve
          .slice(1)
          .map(({ bitsUp, objective }) => ({ name, local, bits: bitsUp / 1e6, objective })),
      ),
      { x: "bits", y: "objective", stroke: "name", fx: "local" },
    ),
    ruleY([dense.objective], { strokeDasharray: "3" }),
  ],
});
console.log(`plot: ${page}`);
console.log(JSON.stringify({ bench: "qsparse", steps, workers, dense: dense.objective, results }));

/** All are where the option is absent. */
function isAsked(option: string, value: number): boolean {
  const asked = numberOption(option, -1);
  return asked === -1 || asked === value;
}

function aimOf({ objective }: Outcome): number {
  return objective * (1 + tolerance);
}

function reachedAt(curve: readonly Point[], aim: number): Point | null {
  return curve.find((point) => point.objective <= aim) ?? null;
}

/** It reaches the aim with fewer bits, or, where neither does, it ends lower. */
function isBetter(one: Outcome, than: Outcome, aim: number): boolean {
  const [a, b] = [one, than].map(({ curve }) => reachedAt(curve, aim)?.bitsUp ?? Infinity);
  return a === b ? one.objective < than.objective : a! < b!;
}

async function outcome(
  name: string,
  compression: { readonly type: string } | undefined,
  local: number,
  scale: number,
): Promise<Outcome> {
  const most = local === 1 ? steps : Math.round(1.5 * steps);
  const spec: RunInput = {
    problem: { type: "softmax", l2: 1 / rows },
    data: { source, target: "digit" },
    workers,
    wait: "all",
    strategy: {
      type: "local-steps",
      steps: local,
      batch: 8,
      learningRate: { schedule: "inverse", scale, shift },
    },
    ...(compression === undefined ? {} : { compression }),
    stop: { rounds: Math.round(most / local), tolerance: 0 },
    weather: { model: "calm" },
  };
  const trained = await train(spec, { backend: "simulated", home: home.path });
  const curve = curveOf(await eventsOf(trained), local);
  return { name, local, scale, curve, objective: trained.result.objective };
}

function eventsOf({ run }: Trained): Promise<RunEvent[]> {
  return withRun({ home: home.path }, run, ({ store }) => readHistory(store, run));
}

/** The loss at the evaluated rounds, with the bits until then. */
function curveOf(events: readonly RunEvent[], local: number): Point[] {
  let [bitsUp, bitsDown] = [0, 0];
  const until = [{ bitsUp, bitsDown }];
  for (const event of events) {
    if (event.type !== "round") continue;
    bitsUp += event.bitsUp!;
    bitsDown += event.bitsDown!;
    until.push({ bitsUp, bitsDown });
  }
  return events
    .filter((event) => event.type === "evaluated")
    .map(({ round, objective }) => ({ step: round * local, objective, ...until[round]! }));
}
