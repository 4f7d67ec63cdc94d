import { dot, line, ruleY } from "@observablehq/plot";
import type { RunInput } from "../../src/run/resolve-spec.ts";
import { handOver } from "../hand-over.ts";
import { writePlot } from "../plot.ts";
import { median, numberOption, simulations, someSlots } from "../simulated.ts";

/**
 * Ridge regression with more features than rows (Karakus et al., NeurIPS 2017 and JMLR 2019, a
 * quarter of their size): encoded L-BFGS, 32 workers, the fastest k, once with other slots late in
 * every round and once with the same slots silent for ever. The objective is the original
 * problem's, relative to its minimum: median over trials, and the worst of the last 20 rounds.
 *
 * `--trials 10 --rows 1024 --features 1500 --rounds 60`
 */
const workers = 32;
const trials = numberOption("trials", 3);
const rows = numberOption("rows", 1024);
const features = numberOption("features", 1500);
const rounds = numberOption("rounds", 60);
const codes = [
  { type: "uncoded" },
  { type: "replication" },
  { type: "gaussian" },
  { type: "hadamard" },
  { type: "paley", chunk: rows },
  { type: "steiner", chunk: rows },
] as const;
const cases = [
  { who: "others each round", k: 12 },
  { who: "others each round", k: 24 },
  { who: "the same for ever", k: 12 },
  { who: "the same for ever", k: 24 },
  { who: "the same for ever", k: 28 },
  { who: "nobody late", k: 32 },
];

const bench = await simulations();
const least = new Map<number, number>();
for (let trial = 1; trial <= trials; trial++) {
  const plain = { encoding: { type: "uncoded" }, wait: "all", weather: { model: "calm" } } as const;
  const exact = await bench.run({ ...spec(trial, 300), ...plain });
  least.set(trial, exact.result.objective);
}
console.log(`${rows} rows, ${features} features, ${workers} workers, ${rounds} rounds`);
console.log("F/F* - 1, median (worst of the last 20 rounds), and seconds\n");
const results = [];
for (const { who, k } of cases) {
  console.log(`fastest ${k} of ${workers}, late: ${who}`);
  for (const encoding of codes) {
    const row = await measure(encoding, who, k);
    results.push({ encoding: encoding.type, who, k, ...row });
    const figures = `${row.median.toExponential(1)} (${row.worst.toExponential(1)})`;
    console.log(`  ${encoding.type.padEnd(12)} ${figures.padEnd(20)} ${row.seconds.toFixed(1)} s`);
  }
}
await bench.close();
const drawn = results.filter(({ k }) => k < workers);
const page = writePlot("ridge-erasures", {
  y: { type: "log", label: "F/F* - 1, worst of the last 20 rounds", grid: true, ticks: 4 },
  x: { label: "replies waited for, of 32" },
  fx: { label: null },
  color: { legend: true },
  marginLeft: 60,
  marks: [
    ruleY([1]),
    line(drawn, { x: "k", y: atLeast, stroke: "encoding", z: "encoding", fx: "who" }),
    dot(drawn, { x: "k", y: atLeast, stroke: "encoding", fx: "who" }),
  ],
});
console.log(`\nplot: ${page}`);
handOver({ bench: "ridge-erasures", rows, features, workers, rounds, trials, results });

async function measure(encoding: RunInput["encoding"], who: string, k: number) {
  const ends: number[] = [];
  const worst: number[] = [];
  const seconds: number[] = [];
  for (let trial = 1; trial <= trials; trial++) {
    const dead = someSlots(workers, workers - k, `dead/${trial}/${k}`);
    const weather =
      who === "others each round"
        ? ({ model: "exponential", meanMs: 1000 } as const)
        : ({ model: "calm", deadSlots: dead } as const);
    const wait = k === workers ? "all" : { fastest: k };
    const done = await bench.run({ ...spec(trial, rounds), encoding, wait, weather });
    const gaps = done.curve.map(({ objective }) => objective / least.get(trial)! - 1);
    ends.push(gaps.at(-1)!);
    worst.push(Math.max(...gaps.slice(-20)));
    seconds.push(done.result.seconds);
  }
  return { median: median(ends), worst: Math.max(...worst), seconds: median(seconds) };
}

function spec(trial: number, roundsMax: number): RunInput {
  return {
    problem: { type: "ridge", l2: 0.05 },
    data: {
      generate: { type: "regression", rows, features, noise: 0.5, seed: trial },
      test: 0,
      standardize: false,
      intercept: false,
    },
    workers,
    optimizer: { type: "l-bfgs", memory: 10, backOff: 0.9 },
    stop: { rounds: roundsMax, tolerance: 0 },
    seed: trial,
  };
}

/** A logarithmic scale knows no numbers at or below 0. */
function atLeast({ worst }: { readonly worst: number }): number {
  return Math.max(1e-9, worst);
}
