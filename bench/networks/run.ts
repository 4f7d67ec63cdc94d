import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { line, ruleY } from "@observablehq/plot";
import { train } from "../../src/index.ts";
import { withOpenRun } from "../../src/platform/training/open-run.ts";
import type { EvaluatedEvent, RoundEvent, RunEvent } from "../../src/ports/events.ts";
import { readHistory } from "../../src/run/finish.ts";
import { realData } from "../../test/data/fixtures.ts";
import { writePlot } from "../plot.ts";
import {
  type Circumstance,
  circumstances,
  localSteps,
  specOf,
  type Training,
  trainings,
} from "./trainings.ts";

/**
 * Networks end to end over 8 workers, of which the first 6 count, with lateness, crashes and
 * duplicates, four local steps and the signs of the greatest quarter as replies: the loss beside
 * that of the uncompressed, undisturbed run with as many samples. Then the same with MADA as the
 * outer optimizer, which is handed what the workers' compressed updates add up to.
 */
const { values } = parseArgs({
  options: {
    backend: { type: "string", default: "emulated" },
    only: { type: "string", default: "" },
    circumstance: { type: "string", default: "" },
    "digits-rounds": { type: "string", default: "200" },
    "text-rounds": { type: "string", default: "120" },
    characters: { type: "string", default: "60000" },
  },
});
/** The loss may be higher by so much. */
const tolerance = 0.03;
/** Of these circumstances, `--circumstance dense,both`; all where absent. */
const named = values.circumstance.split(",");
const denseName = circumstances.find(({ dense }) => dense)!.name;

interface Outcome {
  readonly training: string;
  readonly circumstance: string;
  readonly objective: number;
  /** Over the undisturbed run's. */
  readonly ratio: number;
  readonly test: Readonly<Record<string, number>>;
  readonly samples: number;
  readonly rounds: number;
  readonly bitsUp: number;
  readonly bitsDown: number;
  readonly erasures: number;
  readonly seconds: number;
  readonly curve: readonly { readonly samples: number; readonly objective: number }[];
  readonly coefficients: readonly {
    readonly round: number;
    readonly name: string;
    readonly value: number;
  }[];
}

if (realData === null) {
  console.log("skipped: the folder of data is not there (KOFN_DATA names another)");
  console.log(JSON.stringify({ bench: "networks", skipped: true }));
  process.exit(0);
}
const home = await mkdtemp(join(tmpdir(), "kofn-bench-"));
const outcomes: Outcome[] = [];
try {
  const text = join(home, "text.txt");
  const whole = await readFile(existing(`${realData}/tinyshakespeare.txt`), "utf8");
  await writeFile(text, whole.slice(0, Number(values.characters)));
  const chosen = trainings({
    digits: existing(`${realData}/digits.csv`),
    text,
    digitsRounds: Number(values["digits-rounds"]),
    textRounds: Number(values["text-rounds"]),
  }).filter(({ name }) => name.includes(values.only));
  for (const training of chosen) {
    let reference: number | null = null;
    for (const circumstance of circumstances) {
      if (!named.some((name) => circumstance.name.includes(name))) continue;
      const outcome = await outcomeOf(training, circumstance, reference);
      reference ??= outcome.objective;
      outcomes.push(outcome);
      const { objective, seconds } = outcome;
      console.error(
        `${training.name}: ${circumstance.name}: ${objective} in ${seconds.toFixed()} s`,
      );
    }
  }
} finally {
  await rm(home, { recursive: true, force: true, maxRetries: 5 });
}
tell();

async function outcomeOf(
  training: Training,
  circumstance: Circumstance,
  reference: number | null,
): Promise<Outcome> {
  const spec = specOf(training, circumstance);
  // Undisturbed, every backend gives the same bits; the simulated one needs one process.
  const backend = circumstance.disturbed ? values.backend : "simulated";
  const startedMs = performance.now();
  const { run, result, stop, reason } = await train(spec, { backend, home });
  if (stop !== "done") throw new Error(`${training.name}: ${circumstance.name}: ${reason}`);
  const seconds = (performance.now() - startedMs) / 1000;
  const events = await withOpenRun({ home }, run, ({ store }) => readHistory(store, run));
  const rounds = events.filter((event) => event.type === "round");
  const steps = circumstance.dense ? 1 : localSteps;
  const samplesAt = sampled(rounds, steps * training.batch);
  const { metrics, bitsUp = 0, bitsDown = 0, erasures } = result;
  const objective = result.objective!;
  return {
    training: training.name,
    circumstance: circumstance.name,
    objective,
    ratio: objective / (reference ?? objective),
    test: metrics.test,
    samples: samplesAt.at(-1)!,
    rounds: result.rounds,
    bitsUp,
    bitsDown,
    erasures,
    seconds,
    curve: evaluated(events).map((event) => ({
      samples: samplesAt[event.round]!,
      objective: event.objective,
    })),
    coefficients: rounds.flatMap(({ round, coefficients = {} }) =>
      Object.entries(coefficients).map(([name, value]) => ({ round, name, value })),
    ),
  };
}

function evaluated(events: readonly RunEvent[]): EvaluatedEvent[] {
  return events.filter((event) => event.type === "evaluated");
}

/** Samples in replies that counted, until each round's end. */
function sampled(rounds: readonly RoundEvent[], samplesAReply: number): number[] {
  const until = [0];
  for (const { counted } of rounds) until.push(until.at(-1)! + counted.length * samplesAReply);
  return until;
}

function existing(path: string): string {
  if (existsSync(path)) return path;
  throw new Error(`${path} is not there`);
}

function tell(): void {
  const heads = ["loss", "of calm's", "test loss", "accuracy", "samples", "Mbit up", "Mbit down"];
  const columns = [...heads, "erasures", "x both"].map((head) => head.padStart(10));
  let name = "";
  for (const outcome of outcomes) {
    if (outcome.training !== name) {
      name = outcome.training;
      console.log(`\n${name.padEnd(32)}${columns.join("")}`);
    }
    const { circumstance, objective, ratio, test, samples, bitsUp, bitsDown, erasures } = outcome;
    const cells = [
      objective.toFixed(4),
      ratio.toFixed(4),
      test.logloss!.toFixed(4),
      test.accuracy!.toFixed(4),
      String(samples),
      (bitsUp / 1e6).toFixed(2),
      (bitsDown / 1e6).toFixed(1),
      String(erasures),
      fewerBits(outcome)?.toFixed(1) ?? "-",
    ];
    console.log(circumstance.padEnd(32) + cells.map((cell) => cell.padStart(10)).join(""));
  }
  for (const page of plots()) console.log(`plot: ${page}`);
  const results = outcomes.map(({ curve: _, coefficients, ...outcome }) => ({
    ...outcome,
    within: outcome.ratio <= 1 + tolerance,
    fewerBits: fewerBits({ ...outcome, curve: [], coefficients }),
    learned: Object.fromEntries(coefficients.map(({ name, value }) => [name, value])),
  }));
  const { backend } = values;
  console.log(JSON.stringify({ bench: "networks", backend, tolerance, results }));
}

/** Bits up and down of dense SGD over as many samples, over this; null where it was not run. */
function fewerBits({ training, bitsUp, bitsDown }: Outcome): number | null {
  const dense = outcomes.find((one) => one.training === training && one.circumstance === denseName);
  return dense === undefined ? null : (dense.bitsUp + dense.bitsDown) / (bitsUp + bitsDown);
}

function plots(): string[] {
  const losses = outcomes.flatMap(({ training, circumstance, curve }) =>
    curve.map((point) => ({ training, circumstance, ...point })),
  );
  const learned = outcomes.flatMap(({ training, coefficients }) =>
    coefficients.map((point) => ({ training, ...point })),
  );
  const pages = [
    writePlot("networks", {
      x: { label: "samples", grid: true },
      y: { type: "log", label: "loss", grid: true },
      color: { legend: true },
      fx: { label: null },
      marks: [
        line(losses, { x: "samples", y: "objective", stroke: "circumstance", fx: "training" }),
      ],
    }),
  ];
  if (learned.length === 0) return pages;
  return [
    ...pages,
    writePlot("networks-mada", {
      x: { label: "round" },
      y: { label: "coefficient", grid: true },
      color: { legend: true },
      fx: { label: null },
      marks: [
        ruleY([0]),
        line(learned, { x: "round", y: "value", stroke: "name", fx: "training" }),
      ],
    }),
  ];
}
