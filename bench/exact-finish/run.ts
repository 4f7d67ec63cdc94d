import { line, ruleY } from "@observablehq/plot";
import type { RunInput } from "../../src/run/resolve-spec.ts";
import { handOver } from "../hand-over.ts";
import { writePlot } from "../plot.ts";
import { numberOption, simulations } from "../simulated.ts";

/**
 * Ridge regression with more features than rows, 24 of 32 replies a round: waiting for all, as it
 * is, and corrected by rounds that wait for all; once with other slots late in every round and once
 * with the same slots late for ever. Seconds are the virtual clock's.
 *
 * `--rows 1024 --features 1500 --rounds 200`
 */
const workers = 32;
const k = 24;
const rows = numberOption("rows", 1024);
const features = numberOption("features", 1500);
const rounds = numberOption("rounds", 200);
const corrected = { type: "rounds", exact: true } as const;
const ways: readonly { way: string; chosen: Pick<RunInput, "wait" | "strategy"> }[] = [
  { way: "all", chosen: { wait: "all" } },
  { way: `fastest ${k}`, chosen: { wait: { fastest: k } } },
  { way: `fastest ${k}, exact`, chosen: { wait: { fastest: k }, strategy: corrected } },
];
const skies: readonly { who: string; weather: NonNullable<RunInput["weather"]> }[] = [
  { who: "others each round", weather: { model: "exponential", meanMs: 500 } },
  { who: "the same for ever", weather: { model: "persistent", taskMs: 200, jitter: 0 } },
];
const marks = [1e-3, 1e-6, 1e-9];

const bench = await simulations();
const calm = { encoding: "uncoded", wait: "all", weather: { model: "calm" } } as const;
const stop = { rounds: 500, tolerance: 0 };
const { objective: least } = (await bench.run({ ...base(), ...calm, stop })).result;
console.log(`${rows} rows, ${features} features, hadamard, ${workers} workers`);
const results = [];
const curves = [];
for (const { who, weather } of skies) {
  console.log(
    `\n${`late: ${who}`.padEnd(24)}   F/F* - 1  rounds  seconds   seconds to ${marks.join(", ")}`,
  );
  for (const { way, chosen } of ways) {
    const done = await bench.run({ ...base(), ...chosen, weather });
    const curve = done.curve.map(({ round, atMs, objective }) => ({
      who,
      way,
      round,
      seconds: atMs / 1000,
      gap: objective / least - 1,
    }));
    const end = curve.at(-1)!;
    const reached = marks.map((mark) => curve.find(({ gap }) => gap <= mark)?.seconds ?? null);
    const figures = reached.map((at) => (at === null ? "never" : at.toFixed(1)).padStart(8));
    results.push({ who, way, gap: end.gap, rounds: end.round, seconds: end.seconds, reached });
    curves.push(...curve);
    console.log(
      `  ${way.padEnd(22)}${end.gap.toExponential(1).padStart(11)}` +
        `${end.round}`.padStart(8) +
        `${end.seconds.toFixed(1).padStart(9)}  ${figures.join("")}`,
    );
  }
}
await bench.close();
const page = writePlot("exact-finish", {
  y: { type: "log", label: "F/F* - 1", grid: true, domain: [1e-12, 100] },
  x: { label: "seconds" },
  fx: { label: null },
  color: { legend: true },
  marginLeft: 60,
  marks: [
    ruleY([1e-9]),
    line(
      curves.map((point) => ({ ...point, gap: Math.max(1e-12, point.gap) })),
      { x: "seconds", y: "gap", stroke: "way", z: "way", fx: "who" },
    ),
  ],
});
console.log(`\nplot: ${page}`);
handOver({ bench: "exact-finish", rows, features, workers, k, results });

function base(): Pick<RunInput, "problem" | "data" | "workers" | "encoding" | "stop" | "seed"> {
  return {
    problem: { type: "ridge", l2: 0.05 },
    data: {
      generate: { type: "regression", rows, features, noise: 0.5, seed: 1 },
      test: 0,
      standardize: false,
      intercept: false,
    },
    workers,
    encoding: "hadamard",
    stop: { rounds, tolerance: 1e-7 },
    seed: 1,
  };
}
