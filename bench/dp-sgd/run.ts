import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { problems } from "../../src/problems/registry.ts";
import { handOver } from "../hand-over.ts";
import { simulations } from "../simulated.ts";
import { digitsSpec, readDigits } from "./digits.ts";
import { openNetwork, type StepTimes, stepTimes } from "./steps.ts";
import { wideSteps } from "./wide.ts";

/**
 * Private training on the digits: accuracy with its epsilon, noise at an aggregator and at workers,
 * and what clipping and noise cost a step beside a plain gradient's, also beside Opacus' ghost
 * clipping and another checkout (`--before FOLDER`). KOFN_PEERS_PYTHON names a Python with torch
 * and Opacus; `--only wide` leaves out all but that.
 */
const { values } = parseArgs({
  options: {
    data: { type: "string", default: process.env.KOFN_DATA ?? "../shared/data" },
    repetitions: { type: "string", default: "61" },
    seeds: { type: "string", default: "3" },
    only: { type: "string", default: "" },
    before: { type: "string" },
    python: { type: "string", default: process.env.KOFN_PEERS_PYTHON ?? "python3" },
  },
});
const isAsked = (part: string) => part.includes(values.only);
const accuracies = isAsked("accuracy") ? await trained() : [];
const steps = isAsked("rounds") ? await timed() : [];
const { before, python } = values;
const repetitions = Math.ceil(Number(values.repetitions) / 4);
const wide = isAsked("wide") ? await wideSteps({ repetitions, before, python }) : null;
handOver({ bench: "dp-sgd", accuracies, steps, wide });

interface Accuracy {
  readonly noise: string;
  readonly epsilon: number | null;
  readonly mean: number;
  readonly worst: number;
}

async function trained(): Promise<Accuracy[]> {
  const digits = readDigits(join(values.data, "digits.csv"));
  if (digits === null) {
    console.log("accuracy: skipped, the digits are not there (--data names a folder)");
    return [];
  }
  const folder = await mkdtemp(join(tmpdir(), "kofn-digits-"));
  const source = join(folder, "digits.csv");
  await writeFile(source, digits.csv);
  const played = await simulations();
  console.log("softmax on the digits, test accuracy       epsilon       mean      worst");
  try {
    const rows: Accuracy[] = [];
    for (const noise of ["none", "aggregator", "workers"] as const) {
      const found: number[] = [];
      let epsilon: number | null = null;
      for (let seed = 1; seed <= Number(values.seeds); seed++) {
        const { result } = await played.run(digitsSpec(source, digits.rows, seed, noise));
        found.push(result.metrics.test.accuracy!);
        epsilon = result.epsilon ?? null;
      }
      const mean = found.reduce((sum, one) => sum + one, 0) / found.length;
      rows.push({ noise, epsilon, mean, worst: Math.min(...found) });
      const { worst } = rows.at(-1)!;
      const name = noise === "none" ? "no noise, plain gradients" : `noise at the ${noise}`;
      const told = epsilon === null ? "none" : epsilon.toFixed(4);
      console.log(
        `${name.padEnd(40)}${told.padStart(10)}${mean.toFixed(4).padStart(11)}` +
          `${worst.toFixed(4).padStart(11)}`,
      );
    }
    return rows;
  } finally {
    await played.close();
    await rm(folder, { recursive: true, force: true });
  }
}

async function timed(): Promise<(StepTimes & { aggregator: number; workers: number })[]> {
  const softmax = problems.create({ type: "softmax" });
  const network = await openNetwork();
  const repetitions = Number(values.repetitions);
  console.log(
    "\na round of 4 slots, medians, ms       rows    plain  clipped  noised once  by each",
  );
  const found: (StepTimes & { aggregator: number; workers: number })[] = [];
  for (const [name, problem, columns] of [
    ["softmax, 65 x 10", softmax, 65],
    ["network, 64-64-10", network, 64],
  ] as const) {
    for (const rows of [360, 1440]) {
      const one = await stepTimes(name, problem, columns, rows, repetitions);
      const aggregator = one.aggregatorMs / one.plainMs;
      const workers = one.workersMs / one.plainMs;
      found.push({ ...one, aggregator, workers });
      const { plainMs, clippedMs, aggregatorMs, workersMs } = one;
      const ms = [plainMs, clippedMs, aggregatorMs, workersMs];
      const shown = ms.map((value, i) => value.toFixed(2).padStart(i < 2 ? 9 : 11)).join("");
      console.log(`${name.padEnd(34)}${String(rows).padStart(8)}${shown}`);
      console.log(
        `  times the plain step${" ".repeat(38)}${aggregator.toFixed(2).padStart(11)}` +
          `${workers.toFixed(2).padStart(11)}`,
      );
    }
  }
  return found;
}
