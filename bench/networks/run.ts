import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { train } from "../../src/index.ts";
import { withOpenRun } from "../../src/platform/training/open-run.ts";
import type { EvaluatedEvent, RoundEvent, RunEvent } from "../../src/ports/events.ts";
import { readHistory } from "../../src/run/finish.ts";
import { realData } from "../../test/data/fixtures.ts";
import { handOver } from "../hand-over.ts";
import { type Drawn, plots } from "./plots.ts";
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
const bothName = circumstances.find(({ bothWays }) => bothWays)!.name;

interface Outcome extends Drawn {
  readonly objective: number;
  /** Over the undisturbed run's. */
  readonly ratio: number;
  readonly test: Readonly<Record<string, number>>;
  readonly samples: number;
  readonly rounds: number;
  readonly bitsUp: number;
  readonly bitsDown: number;
  readonly erasures: number;
  /** Each is sent all weights, as is who lost the ones that a change is told from. */
  readonly coldStarts: number;
  /** Of requests and replies, whatever is in them. */
  readonly bytes: number;
  readonly seconds: number;
}

if (realData === null) {
  console.log("skipped: the folder of data is not there (KOFN_DATA names another)");
  handOver({ bench: "networks", skipped: true });
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
tellMissed();

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
  const { metrics, bitsUp = 0, bitsDown = 0, erasures, bytesUp, bytesDown } = result;
  const coldStarts = events.filter((event) => event.type === "arrival" && event.usage.coldStart);
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
    coldStarts: coldStarts.length,
    bytes: bytesUp + bytesDown,
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
  const columns = [...heads, "erasures", "cold", "x both", "x bytes"].map((head) =>
    head.padStart(10),
  );
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
      String(outcome.coldStarts),
      timesFewer(outcome, bitsOf)?.toFixed(1) ?? "-",
      timesFewer(outcome, ({ bytes }) => bytes)?.toFixed(1) ?? "-",
    ];
    console.log(circumstance.padEnd(32) + cells.map((cell) => cell.padStart(10)).join(""));
  }
  for (const page of plots(outcomes)) console.log(`plot: ${page}`);
  const results = outcomes.map(({ curve: _, coefficients, ...outcome }) => ({
    ...outcome,
    within: outcome.ratio <= 1 + tolerance,
    fewerBits: timesFewer({ ...outcome, curve: [], coefficients }, bitsOf),
    learned: Object.fromEntries(coefficients.map(({ name, value }) => [name, value])),
  }));
  const { backend } = values;
  handOver({ bench: "networks", backend, tolerance, results });
}

function bitsOf({ bitsUp, bitsDown }: Outcome): number {
  return bitsUp + bitsDown;
}

/** What dense SGD over as many samples took of something, over this; null where it was not run. */
function timesFewer(one: Outcome, of: (outcome: Outcome) => number): number | null {
  const dense = denseOf(one);
  return dense === undefined ? null : of(dense) / of(one);
}

function denseOf({ training }: Outcome): Outcome | undefined {
  return outcomes.find((one) => one.training === training && one.circumstance === denseName);
}

/** Both ways it is to be 15 times fewer bits, at a loss of no more than 1 % above. */
function tellMissed(): void {
  for (const outcome of outcomes.filter(({ circumstance }) => circumstance === bothName)) {
    const dense = denseOf(outcome);
    if (dense === undefined) continue;
    const [times, loss] = [timesFewer(outcome, bitsOf)!, outcome.objective / dense.objective];
    const isMet = times >= 15 && loss <= 1.01;
    console.log(
      `${outcome.training}: both ways ${times.toFixed(1)} times fewer bits than dense SGD, ` +
        `loss ${(100 * (loss - 1)).toFixed(2)} % above: ${isMet ? "met" : "MISSED"} (15, 1 %)`,
    );
    if (!isMet) process.exitCode = 1;
  }
}
