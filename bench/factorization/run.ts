import { dot, line, ruleY } from "@observablehq/plot";
import type { RunInput } from "../../src/run/resolve-spec.ts";
import { handOver } from "../hand-over.ts";
import { writePlot } from "../plot.ts";
import { median, numberOption, simulations } from "../simulated.ts";
import { recollected } from "./recollected.ts";

/**
 * Matrix factorization by alternating least squares (Karakus et al., JMLR 2019, MovieLens-1M) on a
 * made-up stand-in: 600 users, 370 items, 22,000 ratings, 15 factors, lambda = 10, b = 3. Every
 * user's and item's least squares by encoded L-BFGS, 20 rounds in half an epoch, back-off 0.5,
 * delays Exp(10 ms). Errors of training and test, and simulated seconds: medians over trials. The
 * paper's numbers stand beside them as they are remembered: other data, so only orders compare.
 *
 * `--trials 3 --epochs 5 --iterations 20 --workers 8 --codes uncoded,hadamard`
 */
const trials = numberOption("trials", 1);
const epochs = numberOption("epochs", 5);
const iterations = numberOption("iterations", 20);
const onlyWorkers = numberOption("workers", 0);
const training = 17_600;
const codes = namesOption("codes", ["uncoded", "replication", "gaussian", "paley", "hadamard"]);
const cases = [
  { workers: 8, k: 1 },
  { workers: 8, k: 4 },
  { workers: 8, k: 6 },
  { workers: 24, k: 3 },
  { workers: 24, k: 12 },
].filter(({ workers }) => onlyWorkers === 0 || workers === onlyWorkers);

const bench = await simulations();
const exact = await measured({ workers: 8, k: 8 }, "uncoded", 1_000_000);
console.log(`exactly: train ${exact.train.toFixed(3)}, test ${exact.test.toFixed(3)}\n`);
console.log("m   k   code         train  test   seconds   | the paper's, as remembered");
const results = [];
for (const one of cases) {
  for (const encoding of codes) {
    const row = { ...one, encoding, ...(await measured(one, encoding, 0)) };
    results.push(row);
    const paper = recollected(one, encoding);
    const figures = [row.train.toFixed(3), row.test.toFixed(3), row.seconds.toFixed(2)].join("  ");
    const place = `${String(one.workers).padEnd(4)}${String(one.k).padEnd(4)}`;
    console.log(`${place}${encoding.padEnd(12)} ${figures.padEnd(24)} | ${paper}`);
  }
}
await bench.close();
const page = writePlot("factorization", {
  y: { label: "error over the training ratings", grid: true },
  x: { label: "share of workers waited for" },
  fx: { label: "workers" },
  color: { legend: true },
  marginLeft: 60,
  marks: [
    ruleY([exact.train], { strokeDasharray: "4 3" }),
    line(results, { x: shareOf, y: "train", stroke: "encoding", z: "encoding", fx: "workers" }),
    dot(results, { x: shareOf, y: "train", stroke: "encoding", fx: "workers" }),
  ],
});
console.log(`\nplot: ${page}`);
handOver({ bench: "factorization", trials, epochs, iterations, exact, results });

interface Case {
  readonly workers: number;
  readonly k: number;
}

async function measured({ workers, k }: Case, encoding: string, exactBelow: number) {
  const runs = [];
  for (let trial = 1; trial <= trials; trial++) {
    const { result } = await bench.run(spec(trial, workers, k, encoding, exactBelow));
    const { train, test } = result.metrics;
    runs.push({ train: train.rmse!, test: test.rmse!, seconds: result.seconds });
  }
  return {
    train: median(runs.map((run) => run.train)),
    test: median(runs.map((run) => run.test)),
    seconds: median(runs.map((run) => run.seconds)),
  };
}

function spec(
  seed: number,
  workers: number,
  fastest: number,
  encoding: string,
  exactBelow: number,
): RunInput {
  return {
    problem: { type: "factorization", rank: 15, l2: 10 / training, base: 3 },
    data: { generate: { type: "ratings" }, test: 0.2 },
    workers,
    wait: { fastest },
    encoding: encoding as NonNullable<RunInput["encoding"]>,
    strategy: { type: "alternating", epochs, iterations, exactBelow },
    optimizer: { type: "l-bfgs", backOff: 0.5 },
    stop: { rounds: 1_000_000, tolerance: 0 },
    weather: { model: "exponential", meanMs: 10 },
    seed,
  };
}

/** `--name a,b` from the command line. */
function namesOption(name: string, usual: readonly string[]): readonly string[] {
  const at = process.argv.indexOf(`--${name}`);
  return at < 0 ? usual : process.argv[at + 1]!.split(",");
}

function shareOf({ k, workers }: Case): number {
  return k / workers;
}
