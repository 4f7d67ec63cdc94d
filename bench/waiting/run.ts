import { barX, ruleX } from "@observablehq/plot";
import type { RunInput } from "../../src/run/resolve-spec.ts";
import { handOver } from "../hand-over.ts";
import { writePlot } from "../plot.ts";
import { median, numberOption, type Simulated, simulations } from "../simulated.ts";

/**
 * Every way to wait, on the same delays: ridge regression by gradient descent with the safe step,
 * 16 workers, simulated. Seconds and dollars until the original objective is within 1 % of its
 * minimum for good, and how near it is at the end; medians over seeds. `--lbfgs 1` takes L-BFGS.
 */
const workers = 16;
const rounds = numberOption("rounds", 150);
const trials = numberOption("trials", 3);
const isNewton = numberOption("lbfgs", 0) === 1;
const target = 1e-2;
const hadamard = "hadamard";
const policies: readonly (Partial<RunInput> & { readonly name: string })[] = [
  { name: "all", encoding: "uncoded", wait: "all" },
  { name: "speculate, all", encoding: "uncoded", wait: { speculate: { after: 0.75 } } },
  { name: "fastest 12, uncoded", encoding: "uncoded", wait: { fastest: 12 } },
  { name: "fastest 12", encoding: hadamard, wait: { fastest: 12 } },
  { name: "deadline 100 ms", encoding: hadamard, wait: { deadline: 100, atLeast: 8 } },
  { name: "adaptive: gain", encoding: hadamard, wait: "adaptive" },
  { name: "adaptive: deadline", encoding: hadamard, wait: { adaptive: { rule: "deadline" } } },
  {
    name: "adaptive: disagreement",
    encoding: hadamard,
    wait: { adaptive: { rule: "disagreement" } },
  },
  { name: "adaptive: gain, uncoded", encoding: "uncoded", wait: "adaptive" },
  { name: "async-sgd", encoding: hadamard, strategy: "async-sgd" },
  { name: "async-sgd, uncoded", encoding: "uncoded", strategy: "async-sgd" },
  {
    name: "async-sgd, no memory",
    encoding: hadamard,
    strategy: { type: "async-sgd", memory: false },
  },
];
const weathers = [
  { model: "lambda" },
  { model: "lambda-trace-a" },
  { model: "exponential" },
  { model: "pareto" },
  {
    model: "bimodal",
    slow: 0.3,
    fastMs: 50,
    fastDeviationMs: 20,
    slowMs: 2000,
    slowDeviationMs: 500,
  },
  { model: "persistent", taskMs: 100 },
  { model: "lambda", deadSlots: [3, 11] },
] as const;

const bench = await simulations();
const least: number[] = [];
for (let trial = 1; trial <= trials; trial++) {
  const plain = { encoding: "uncoded", wait: "all", weather: { model: "calm" } } as const;
  const exact = await bench.run({
    ...spec(trial),
    ...plain,
    optimizer: "l-bfgs",
    stop: { rounds: 200 },
  });
  least.push(exact.result.objective);
}
const results = [];
for (const weather of weathers) {
  const title = "deadSlots" in weather ? `${weather.model}, 2 slots dead` : weather.model;
  console.log(`\n${title}`);
  console.log("                            s to 1 %         $   total s     F/F* - 1   stopped");
  for (const { name, ...policy } of policies) {
    const runs: Simulated[] = [];
    for (let trial = 1; trial <= trials; trial++)
      runs.push(await bench.run({ ...spec(trial, policy.strategy), ...policy, weather }));
    const row = { weather: title, name, ...summed(runs) };
    results.push(row);
    console.log(
      name.padEnd(26) +
        (Number.isFinite(row.seconds) ? row.seconds.toFixed(1) : "never").padStart(12) +
        (Number.isFinite(row.seconds) ? row.dollars.toFixed(4) : "").padStart(10) +
        row.total.toFixed(1).padStart(10) +
        row.gap.toExponential(1).padStart(13) +
        row.stopped.padStart(13),
    );
  }
}
await bench.close();
const page = writePlot("waiting", {
  x: { type: "log", label: "seconds to 1 % above the minimum" },
  fy: { label: null },
  y: { label: null },
  marginLeft: 170,
  height: 1200,
  marks: [
    ruleX([1]),
    barX(
      results.filter(({ seconds }) => Number.isFinite(seconds)),
      { x1: 0.5, x2: "seconds", y: "name", fy: "weather", fill: "name" },
    ),
  ],
});
console.log(`\nplot: ${page}`);
handOver({ bench: "waiting", workers, rounds, trials, isNewton, results });

function summed(runs: readonly Simulated[]) {
  const reached = runs.map(({ curve }, i) => reachedMs(curve, least[i]!) / 1000);
  const total = runs.map(({ result }) => result.seconds);
  return {
    seconds: median(reached),
    /** A part of the whole run's, by time. */
    dollars: median(runs.map(({ result }, i) => (result.dollars * reached[i]!) / total[i]!)),
    total: median(total),
    gap: median(runs.map(({ result }, i) => result.objective / least[i]! - 1)),
    stopped: runs.every(({ stop }) => stop === "done") ? "done" : "unfinished",
  };
}

/** From when on the objective stays within the target. */
function reachedMs(curve: Simulated["curve"], best: number): number {
  let reached = Number.POSITIVE_INFINITY;
  for (const { objective, atMs } of curve.toReversed()) {
    if (objective / best - 1 > target) break;
    reached = atMs;
  }
  return reached;
}

/** A pass of async-sgd is over sooner than a round, and does less. */
function spec(trial: number, strategy: RunInput["strategy"] = "rounds"): RunInput {
  const count = strategy === "rounds" ? rounds : 2 * rounds;
  return {
    problem: { type: "ridge", l2: 0.05 },
    data: {
      generate: {
        type: "regression",
        rows: 2000,
        features: 60,
        noise: 0.5,
        correlation: 0.2,
        seed: trial,
      },
      test: 0,
    },
    workers,
    strategy,
    optimizer: isNewton && strategy === "rounds" ? "l-bfgs" : "gradient-descent",
    stop: { rounds: count, tolerance: 0 },
    seed: trial,
  };
}
