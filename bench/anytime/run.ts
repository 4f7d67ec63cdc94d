import { barX, ruleX } from "@observablehq/plot";
import type { RunInput } from "../../src/run/resolve-spec.ts";
import { handOver } from "../hand-over.ts";
import { writePlot } from "../plot.ts";
import { median, numberOption, simulations } from "../simulated.ts";

/**
 * Rounds of equal time against rounds of equal work: logistic regression over 16 workers on a
 * virtual clock, where a row takes two milliseconds. `batch` waits for minibatches of as many rows
 * as there is time for without lateness; `deadline` leaves out who is not there after 1.2 times the
 * time of a round. Simulated seconds until the original objective is within 2 % of its minimum for
 * good; medians over seeds.
 */
const workers = 16;
const seconds = 0.5;
const trials = numberOption("trials", 3);
const rounds = numberOption("rounds", 240);
const rowMs = 2;
const target = 0.02;
const features = 40;
const rows = 16_000;
/** Numbers of a row: features, the intercept and the target. */
const workMsPerMillion = (rowMs * 1e6) / (features + 2);

/** Whole blocks, as a worker does that is on time. */
const batch = 32 * Math.ceil((1000 * seconds) / rowMs / 32);
const waiting = (wait: RunInput["wait"]) =>
  ({ strategy: { type: "anytime", seconds: 50, batch }, wait }) as const;
const ways: readonly (Partial<RunInput> & { readonly name: string })[] = [
  { name: "anytime, all", strategy: { type: "anytime", seconds } },
  {
    name: "anytime, deadline",
    strategy: { type: "anytime", seconds },
    wait: { deadline: 1200 * seconds, atLeast: workers / 2 },
  },
  { name: `batch ${batch}, all`, ...waiting("all") },
  { name: `batch ${batch}, fastest 12`, ...waiting({ fastest: 12 }) },
];
const weathers = [
  { model: "calm" },
  { model: "lambda" },
  { model: "exponential", meanMs: 200 },
  { model: "persistent", taskMs: 50 },
  {
    model: "bimodal",
    slow: 0.2,
    fastMs: 50,
    fastDeviationMs: 20,
    slowMs: 400,
    slowDeviationMs: 60,
  },
] as const;

const bench = await simulations();
const least: number[] = [];
for (let trial = 1; trial <= trials; trial++) {
  const exact = { optimizer: "l-bfgs", strategy: "rounds", encoding: "uncoded" } as const;
  const weather = { model: "calm" } as const;
  const end = await bench.run({ ...spec(trial), ...exact, wait: "all", weather });
  least.push(end.result.objective);
}
const results: object[] = [];
console.log("weather       way                     s to 2 %  rounds   s a round  rows a worker");
for (const { model, ...options } of weathers) {
  for (const { name, ...way } of ways) {
    const told: Told[] = [];
    for (let trial = 1; trial <= trials; trial++) {
      const weather = { model, ...options, baseMs: 0, workMsPerMillion };
      told.push(await trained({ ...spec(trial), ...way, weather }, least[trial - 1]!));
    }
    const of = (key: keyof Told) => median(told.map((one) => one[key]));
    const row = { seconds: of("seconds"), rounds: of("rounds"), rows: of("rows") };
    const roundSeconds = of("roundSeconds");
    results.push({ weather: model, name, ...row, roundSeconds });
    console.log(
      model.padEnd(14) +
        name.padEnd(22) +
        row.seconds.toFixed(1).padStart(10) +
        row.rounds.toFixed(0).padStart(8) +
        roundSeconds.toFixed(2).padStart(12) +
        row.rows.toFixed(0).padStart(15),
    );
  }
}
await bench.close();
const page = writePlot("anytime", {
  x: { label: "simulated seconds to 2 % above the minimum" },
  fy: { label: null },
  y: { label: null },
  marginLeft: 150,
  height: 600,
  marks: [ruleX([0]), barX(results, { x: "seconds", y: "name", fy: "weather", fill: "name" })],
});
console.log(`\nplot: ${page}`);
handOver({ bench: "anytime", workers, seconds, batch, trials, results });

interface Told {
  readonly seconds: number;
  readonly rounds: number;
  readonly roundSeconds: number;
  /** Of a reply that counted, on average. */
  readonly rows: number;
}

async function trained(of: RunInput, best: number): Promise<Told> {
  let [replies, rows] = [0, 0];
  const { curve, result } = await bench.run(of, (event) => {
    if (event.type !== "arrival" || event.fate !== "counted") return;
    replies++;
    rows += event.rows ?? 0;
  });
  let reached = { atMs: Number.POSITIVE_INFINITY, round: Number.POSITIVE_INFINITY };
  for (const point of curve.toReversed()) {
    if (point.objective / best - 1 > target) break;
    reached = point;
  }
  const roundSeconds = result.seconds / result.rounds;
  return {
    seconds: reached.atMs / 1000,
    rounds: reached.round,
    roundSeconds,
    rows: rows / replies,
  };
}

function spec(trial: number): RunInput {
  return {
    problem: { type: "logistic", l2: 0.001 },
    data: {
      generate: { type: "classification", rows, features, seed: trial },
      test: 0,
    },
    workers,
    optimizer: { type: "sgd", learningRate: numberOption("rate", 2) },
    stop: { rounds, tolerance: 0 },
    seed: trial,
  };
}
