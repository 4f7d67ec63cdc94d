import type { RunForecast } from "../../src/ports/events.ts";
import type { RunInput } from "../../src/run/resolve-spec.ts";
import { handOver } from "../hand-over.ts";
import { numberOption, simulations } from "../simulated.ts";

/**
 * Runs beside what was forecast of them: ten settings in ten kinds of lateness, each over other
 * data, in `--seeds 10` simulated futures that the forecast never saw. A forecast's range is to
 * hold 80 % of them; how far the run is from its middle, and what it was said to cost, as a part of
 * what it took.
 */
const seeds = numberOption("seeds", 10);

const lambda = { model: "lambda" } as const;
const settings: readonly (Partial<RunInput> & { readonly name: string })[] = [
  { name: "8, all, lambda", workers: 8, wait: "all", weather: lambda },
  { name: "24, fastest 18, lambda", workers: 24, wait: { fastest: 18 }, weather: lambda },
  {
    name: "16, fastest 13, trace a",
    ...{ workers: 16, wait: { fastest: 13 }, weather: { model: "lambda-trace-a" } },
  },
  {
    name: "12, all, exponential",
    ...{ workers: 12, wait: "all", weather: { model: "exponential" } },
  },
  {
    name: "20, fastest 15, pareto",
    ...{ workers: 20, wait: { fastest: 15 }, weather: { model: "pareto" } },
  },
  {
    name: "16, all, late",
    ...{ workers: 16, wait: "all", weather: { model: "late", probability: 0.03, delayMs: 800 } },
  },
  {
    name: "16, fastest 12, bimodal",
    ...{ workers: 16, wait: { fastest: 12 }, weather: { model: "bimodal" } },
  },
  {
    name: "10, fastest 7, trace a",
    ...{ workers: 10, wait: { fastest: 7 }, weather: { model: "lambda-trace-a" } },
  },
  {
    name: "12, fastest 9, persistent",
    ...{ workers: 12, wait: { fastest: 9 }, weather: { model: "persistent" } },
  },
  {
    name: "8, all, lambda, 5 % fail",
    ...{ workers: 8, wait: "all", weather: { ...lambda, failures: 0.05 } },
  },
];

interface Row {
  readonly name: string;
  readonly runs: number;
  readonly within: number;
  readonly below: number;
  /** Medians of what was forecast over what it took. */
  readonly secondsRatio: number;
  readonly dollarsRatio: number;
}

const bench = await simulations();
const rows: Row[] = [];
console.log(
  "workers, wait, lateness         within  shorter   longer  s, forecast/run  $, the same",
);
for (const [place, { name, ...setting }] of settings.entries()) {
  const row = await futuresOf(place, name, setting);
  rows.push(row);
  const { runs, within, below, secondsRatio, dollarsRatio } = row;
  const counts = [within, below, runs - within - below].map((count) => `${count}`.padStart(9));
  console.log(
    name.padEnd(29) +
      counts.join("") +
      secondsRatio.toFixed(3).padStart(17) +
      dollarsRatio.toFixed(3).padStart(13),
  );
}
await bench.close();
const runs = rows.reduce((sum, row) => sum + row.runs, 0);
const share = rows.reduce((sum, row) => sum + row.within, 0) / runs;
console.log(`within the range: ${(100 * share).toFixed(0)} % of ${runs} runs`);
handOver({ bench: "forecasts", seeds, share, rows });

async function futuresOf(place: number, name: string, setting: Partial<RunInput>): Promise<Row> {
  let [count, within, below] = [0, 0, 0];
  const seconds: number[] = [];
  const dollars: number[] = [];
  for (let seed = 1; seed <= seeds; seed++) {
    let forecast: RunForecast | undefined;
    const { result } = await bench.run(specOf(place, setting, seed), (event) => {
      if (event.type === "started") forecast = event.forecast;
    });
    if (forecast === undefined) throw new Error(`${name}: nothing was forecast`);
    count++;
    if (result.seconds < forecast.secondsLow) below++;
    else if (result.seconds <= forecast.secondsHigh) within++;
    seconds.push(forecast.seconds / result.seconds);
    dollars.push(forecast.dollars / result.dollars);
  }
  const [secondsRatio, dollarsRatio] = [middleOf(seconds), middleOf(dollars)];
  return { name, runs: count, within, below, secondsRatio, dollarsRatio };
}

/** Every setting has rows of its own, and as many rounds as no other. */
function specOf(place: number, setting: Partial<RunInput>, seed: number): RunInput {
  return {
    problem: { type: "ridge", l2: 0.01 },
    data: {
      generate: {
        type: "regression",
        rows: 1_000 + 300 * place,
        features: 20 + 4 * place,
        noise: 0.5,
        seed: place + 1,
      },
      test: 0,
    },
    optimizer: place % 2 === 0 ? "gradient-descent" : "l-bfgs",
    stop: { rounds: 12 + 5 * place, tolerance: 0 },
    seed: 100 * (place + 1) + seed,
    ...setting,
  } as RunInput;
}

function middleOf(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1]!;
}
