import { barX, ruleX, text } from "@observablehq/plot";
import type { RunInput } from "../../src/run/resolve-spec.ts";
import { handOver } from "../hand-over.ts";
import { writePlot } from "../plot.ts";
import { median, numberOption } from "../simulated.ts";
import { policiesFor } from "./policies.ts";
import { type Course, course } from "./trial.ts";

/**
 * Published Lambda lateness, replayed against every way to wait: tasks of about 1 s and 10 s, to
 * equal loss, that is until the original objective is for good within 1 % of where waiting for all
 * ends. Lateness is added to a task and does not depend on what it computes. `--share 1` (usual):
 * all of the task's time is computing, so that twice the rows take twice the time; with less the
 * rest is the same for everyone. `--trials 20 --rounds 16 --plain 1` (no bursts: model lambda);
 * `--workers 64 --seconds 1` for one cell, `--async 0` without the long asynchronous runs.
 */
const trials = numberOption("trials", 20);
const rounds = numberOption("rounds", 16);
const computeShare = numberOption("share", 1);
const weather = { model: numberOption("plain", 0) === 1 ? "lambda" : "lambda-trace-a" };
const only = { workers: numberOption("workers", 0), seconds: numberOption("seconds", 0) };
const crowds = only.workers > 0 ? [only.workers] : [8, 64, 256];
const tasksMs = only.seconds > 0 ? [1_000 * only.seconds] : [1_000, 10_000];
const withAsynchronous = numberOption("async", 1) === 1;
const tolerance = 0.01;

const results = [];
for (const taskMs of tasksMs) {
  for (const workers of crowds) {
    console.log(
      `\n${workers} workers, tasks of ${taskMs / 1000} s, ${computeShare * 100} % of it ` +
        `computing, ${weather.model}: ${trials} trials\n` +
        "policy                      median s   worst s   s a round   speed-up   worst    $ ratio",
    );
    for await (const row of cell(workers, taskMs)) {
      results.push(row);
      console.log(line(row));
    }
  }
}
const page = writePlot("lateness", {
  marginLeft: 170,
  height: 1_300,
  color: { legend: true },
  x: { label: "times as fast as waiting for all, to equal loss; median of trials" },
  y: { label: null },
  fy: { label: null },
  marks: [
    ruleX([1]),
    barX(results.map(shown), { x: "speedup", y: "who", fy: "where", fill: "workers" }),
    text(results.map(shown), { x: "speedup", y: "who", fy: "where", text: "figure", dx: 16 }),
  ],
});
console.log(`\nplot: ${page}`);
const about = { trials, rounds, computeShare, weather, tolerance };
handOver({ bench: "lateness", ...about, results });

interface Row {
  readonly workers: number;
  readonly taskSeconds: number;
  readonly policy: string;
  /** Until equal loss; null where a trial never got there. */
  readonly medianSeconds: number | null;
  readonly worstSeconds: number | null;
  readonly roundSeconds: number;
  /** Against waiting for all in the same trials. */
  readonly speedup: number | null;
  readonly worstSpeedup: number | null;
  readonly dollarsRatio: number | null;
}

async function* cell(workers: number, taskMs: number): AsyncGenerator<Row> {
  const numbers = Array.from({ length: trials }, (_, i) => i + 1);
  const task = { baseMs: (1 - computeShare) * taskMs, computeMs: computeShare * taskMs };
  let plain: readonly Reached[] = [];
  let goals: readonly number[] = [];
  for (const policy of policiesFor(workers, taskMs)) {
    if (policy.spec.strategy === "async-sgd" && !withAsynchronous) continue;
    const spec = common(workers, policy.spec.strategy === "async-sgd");
    const courses: Course[] = [];
    for (const number of numbers)
      courses.push(await course(spec, { policy, task, weather, number }));
    if (plain.length === 0) goals = courses.map(({ objectives }) => objectives.at(-1)!);
    const reached = courses.map((one, i) => reachedBy(one, goals[i]! * (1 + tolerance)));
    if (plain.length === 0) plain = reached;
    const seconds = reached.map((one) => one.ms / 1000);
    const speedups = reached.map((one, i) => plain[i]!.ms / one.ms);
    yield {
      workers,
      taskSeconds: taskMs / 1000,
      policy: policy.name,
      medianSeconds: finite(median(seconds)),
      worstSeconds: finite(Math.max(...seconds)),
      roundSeconds: median(courses.map(({ endsMs }) => endsMs.at(-1)! / endsMs.length / 1000)),
      speedup: finite(median(plain.map(({ ms }) => ms)) / 1000 / median(seconds)),
      worstSpeedup: finite(Math.min(...speedups)),
      dollarsRatio: finite(median(reached.map((one, i) => one.dollars / plain[i]!.dollars))),
    };
  }
}

interface Reached {
  readonly ms: number;
  readonly dollars: number;
}

/** From when on the objective stays at the goal or below. */
function reachedBy({ endsMs, dollars, objectives }: Course, goal: number): Reached {
  let reached = { ms: Number.POSITIVE_INFINITY, dollars: Number.POSITIVE_INFINITY };
  for (let at = objectives.length - 1; at >= 0; at--) {
    if (!(objectives[at]! <= goal)) break;
    reached = { ms: endsMs[at]!, dollars: dollars[at]! };
  }
  return reached;
}

/** Rows of very different length: what a lost slot held may matter. */
function common(workers: number, isTurns: boolean): RunInput {
  return {
    problem: { type: "ridge", l2: 0.01 },
    data: {
      generate: { type: "regression", rows: 4_096, features: 32, noise: 0.5, leverage: 0.005 },
      test: 0,
    },
    workers,
    optimizer: "l-bfgs",
    stop: { rounds: isTurns ? 6 * rounds * workers : rounds, tolerance: 0, patience: 3_600 },
    seed: 1,
  };
}

function line(row: Row): string {
  const figure = (value: number | null, digits: number, width: number) =>
    (value === null ? "never" : value.toFixed(digits)).padStart(width);
  return (
    row.policy.padEnd(26) +
    figure(row.medianSeconds, 1, 10) +
    figure(row.worstSeconds, 1, 10) +
    figure(row.roundSeconds, 2, 12) +
    figure(row.speedup, 2, 11) +
    figure(row.worstSpeedup, 2, 8) +
    figure(row.dollarsRatio, 2, 11)
  );
}

function shown({ workers, taskSeconds, policy, speedup }: Row) {
  return {
    workers: `${workers} workers`,
    who: policy,
    where: `${workers} workers, ${taskSeconds} s`,
    speedup: speedup ?? 0,
    figure: speedup === null ? "never" : speedup.toFixed(2),
  };
}

function finite(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}
