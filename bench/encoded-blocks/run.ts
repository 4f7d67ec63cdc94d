import { dot, line } from "@observablehq/plot";
import type { RunInput } from "../../src/run/resolve-spec.ts";
import { handOver } from "../hand-over.ts";
import { writePlot } from "../plot.ts";
import { numberOption, simulations } from "../simulated.ts";

/**
 * Logistic regression by block coordinate descent over encoded features (Karakus et al., JMLR 2019,
 * model parallelism): 32 workers of which some are slow for ever, the number of their background
 * tasks a power law; the fastest k, for so many simulated seconds or rounds. The gap is that of the
 * original objective, relative to the first one.
 *
 * `--seconds 600 --rounds 1500 --rows 1500 --features 256`
 */
const workers = 32;
const rows = numberOption("rows", 1500);
const features = numberOption("features", 256);
const seconds = numberOption("seconds", 600);
const rounds = numberOption("rounds", 1500);
const waits = [12, 24, 32];
const codes = ["uncoded", "replication", "hadamard", "steiner", "haar"] as const;

const common: RunInput = {
  problem: { type: "logistic", l2: 0.001 },
  data: {
    generate: { type: "classification", rows, features, seed: 4 },
    test: 0,
    standardize: false,
    intercept: false,
  },
  workers,
  seed: 4,
};

const bench = await simulations();
const exact = await bench.run({
  ...common,
  wait: "all",
  encoding: "uncoded",
  weather: { model: "calm" },
  stop: { rounds: 400, tolerance: 0 },
});
let least = exact.result.objective;
const runs = [];
for (const encoding of codes) {
  for (const k of waits) {
    const { result, curve } = await bench.run({
      ...common,
      strategy: "encoded-blocks",
      encoding,
      wait: k === workers ? "all" : { fastest: k },
      weather: { model: "persistent", taskMs: 100, jitter: 0.2 },
      stop: { rounds, seconds, tolerance: 0 },
    });
    least = Math.min(least, ...curve.map(({ objective }) => objective));
    runs.push({ encoding, k, rounds: result.rounds, objective: result.objective, curve });
  }
}
await bench.close();

const first = runs[0]!.curve[0]!.objective;
const gapOf = (objective: number) => (objective - least) / (first - least);
const results = runs.map(({ curve: _, ...run }) => ({ ...run, gap: gapOf(run.objective) }));
console.log(
  `${rows} rows, ${features} features, ${workers} workers, ${seconds} s or ${rounds} rounds`,
);
console.log("relative gap (rounds)\n");
console.log(`${"".padEnd(12)}${waits.map((k) => `k = ${k}`.padEnd(18)).join("")}`);
for (const encoding of codes) {
  const cells = results.filter((one) => one.encoding === encoding);
  const texts = cells.map(({ gap, rounds }) => `${gap.toExponential(1)} (${rounds})`.padEnd(18));
  console.log(`${encoding.padEnd(12)}${texts.join("")}`);
}
const points = runs.flatMap(({ encoding, k, curve }) =>
  curve.map(({ atMs, objective }) => ({
    encoding,
    who: `fastest ${k} of ${workers}`,
    seconds: atMs / 1000,
    gap: Math.max(1e-12, gapOf(objective)),
  })),
);
const page = writePlot("encoded-blocks", {
  y: { type: "log", label: "relative gap", grid: true },
  x: { label: "seconds" },
  fx: { label: null },
  color: { legend: true },
  marginLeft: 60,
  marks: [
    line(points, { x: "seconds", y: "gap", stroke: "encoding", z: "encoding", fx: "who" }),
    dot(points, { x: "seconds", y: "gap", stroke: "encoding", fx: "who", r: 1 }),
  ],
});
console.log(`\nplot: ${page}`);
handOver({ bench: "encoded-blocks", rows, features, workers, seconds, rounds, results });
