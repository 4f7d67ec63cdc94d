import type { Choice } from "../../src/planner/candidate.ts";
import { choose } from "../../src/planner/choose.ts";
import {
  type Configuration,
  configurationInWords,
  configurationsOf,
  specWith,
} from "../../src/planner/configuration.ts";
import { type LatenessModel, latenessModelOf } from "../../src/planner/lateness.ts";
import type { Machine } from "../../src/planner/machine.ts";
import { type PilotRun, pilotRuns } from "../../src/planner/pilot-run.ts";
import { simulateRounds } from "../../src/planner/round-simulation.ts";
import { entriesPerRowOf, type Sample, sampleOf, shapeOf } from "../../src/planner/sample.ts";
import { roundsTo, type Target } from "../../src/planner/target.ts";
import { timeModelOf } from "../../src/planner/time-model.ts";
import { type DataShape, forecastEntriesPerSlot, timedOf } from "../../src/planner/workload.ts";
import { machineOf } from "../../src/platform/platform-model.ts";
import { prepareData } from "../../src/run/ingest.ts";
import { resolveSpec } from "../../src/run/resolve-spec.ts";
import type { AutoKey, RunSpec } from "../../src/spec/run-spec.ts";
import { memoryStore } from "../../src/storage/memory.ts";

/** One place of the grid. */
export interface Cell {
  readonly weather: { readonly model: string } & Readonly<Record<string, unknown>>;
  readonly workers: number;
  /** What a task computes when nothing is encoded. */
  readonly computeSeconds: number;
}

/** What was chosen for a cell, and what was best as it turned out in futures the plan never saw. */
export interface Verdict extends Cell {
  /** That hindsight looked at in the end. */
  readonly futures: number;
  readonly chosen: string;
  /** Mean seconds to equal loss; infinite where a future in five does not get there. */
  readonly chosenSeconds: number;
  readonly best: string;
  readonly bestSeconds: number;
  readonly plainSeconds: number;
  /** Forecast over metered, whole run: median seconds, and mean dollars. */
  readonly secondsRatio: number;
  readonly dollarsRatio: number;
  /** Of the futures, how many lie between the forecast's low and high. */
  readonly within: number;
  readonly planMs: number;
}

export interface Trial {
  readonly spec: object;
  readonly cell: Cell;
  /** How many futures hindsight looks at. */
  readonly futures: number;
}

/** Where another setting seems to be better by more than this, so many times as many decide. */
const doubtfulFrom = 1.02;
const futuresMore = 8;

/** Plans one cell, then lives through other futures with every setting that could be better. */
export async function inHindsight({ spec: given, cell, futures }: Trial): Promise<Verdict> {
  const { weather, workers, computeSeconds } = cell;
  const spec = resolveSpec({ ...given, workers, wait: "auto", encoding: "auto", weather });
  const store = memoryStore();
  const open = () => Promise.reject(new Error("the data are made up"));
  const prepared = await prepareData(spec, { open, store });
  const data = shapeOf(spec, prepared, entriesPerRowOf(prepared));
  const entriesEach = (data.rows * data.entriesPerRow) / workers;
  const machine: Machine = {
    ...machineOf(spec, "simulated"),
    workMs: (entries) => 8 + (1000 * computeSeconds * entries) / entriesEach,
  };
  const sample = await sampleOf(prepared, store, machine.scratch(), 1e6);
  const auto = spec.auto ?? [];
  const startedMs = performance.now();
  const choice = await choose({ spec, auto, goal: "seconds", sample, data, machine });
  const planMs = performance.now() - startedMs;
  const { chosen, target } = choice;
  const later: Machine = {
    ...machine,
    lateness: (moment, draw, isCold) => machine.lateness(moment, draw + 1000, isCold),
  };
  const world = { spec, data, sample, machine: later, futures, target };
  const few = await outcomeOf(world, auto, choice);
  const isDoubtful = few.chosenSeconds > doubtfulFrom * few.best.seconds;
  const more = { ...world, futures: futuresMore * futures };
  const outcome = isDoubtful ? await outcomeOf(more, auto, choice) : few;
  const { chosenLives, chosenSeconds, plainSeconds, best } = outcome;
  const told = { ...machine, fates: latenessModelOf(machine.lateness) };
  const { roundsToStop } = chosen;
  const own = specWith(spec, chosen.setting);
  const forecast = timeModelOf(own, data, told, roundsToStop, "told").at(roundsToStop);
  const ends = chosenLives.slice(0, wholeLives).map(({ spent }) => spent.at(-1)!);
  const whole = ends.map(({ ms }) => ms / 1000);
  return {
    ...cell,
    futures: isDoubtful ? more.futures : futures,
    chosen: configurationInWords(spec, chosen.setting),
    chosenSeconds,
    best: best.words,
    bestSeconds: best.seconds,
    plainSeconds,
    secondsRatio: forecast.seconds / median(whole),
    dollarsRatio: forecast.dollars / mean(ends.map(({ usd }) => usd)),
    within: whole.filter((s) => s >= forecast.secondsLow && s <= forecast.secondsHigh).length,
    planMs,
  };
}

interface World {
  readonly spec: RunSpec;
  readonly data: DataShape;
  readonly sample: Sample;
  readonly machine: Machine;
  readonly futures: number;
  readonly target: Target;
}

interface Outcome {
  readonly chosenLives: readonly PilotRun[];
  readonly chosenSeconds: number;
  readonly plainSeconds: number;
  readonly best: Known;
}

interface Known {
  readonly words: string;
  readonly seconds: number;
}

async function outcomeOf(
  world: World,
  auto: readonly AutoKey[],
  { chosen, plain }: Choice,
): Promise<Outcome> {
  const { spec, data, target } = world;
  const chosenLives = await live(world, chosen.setting);
  const chosenSeconds = secondsTo(chosenLives, target.objective);
  const plainSeconds =
    chosen === plain
      ? chosenSeconds
      : secondsTo(await live(world, plain.setting), target.objective);
  const known = { words: configurationInWords(spec, chosen.setting), seconds: chosenSeconds };
  const settings = configurationsOf(spec, auto, { rows: data.rows, sparse: false });
  const others = settings.filter((setting) => !same(setting, chosen.setting));
  const best = await bestOf(world, others, known);
  return { chosenLives, chosenSeconds, plainSeconds, best };
}

/** The best of these, unless none of them is better than what is known. */
async function bestOf(
  world: World,
  settings: readonly Configuration[],
  known: Known,
): Promise<Known> {
  const fates = latenessModelOf(world.machine.lateness);
  let best = known;
  for (const setting of settings) {
    if (!(await mayBeat(world, setting, fates, best.seconds))) continue;
    const seconds = secondsTo(await live(world, setting), world.target.objective);
    if (seconds < best.seconds)
      best = { words: configurationInWords(world.spec, setting), seconds };
  }
  return best;
}

/**
 * Whether a setting may take less than that. It does not if it would not with the rounds that not
 * encoding takes, nor if it comes to the objective for the first time no sooner: then whole lives
 * are spared.
 */
async function mayBeat(
  world: World,
  setting: Configuration,
  fates: LatenessModel,
  seconds: number,
): Promise<boolean> {
  const { data, machine, futures, target } = world;
  const spec = specWith(world.spec, setting);
  const timed = timedOf(spec, data, machine);
  const least = Array.from({ length: futures }, (_, draw) => {
    const { endsMs } = simulateRounds(timed, machine.platform, fates, draw, target.rounds);
    return (endsMs.at(-1) ?? 0) / 1000;
  });
  if (mean(least) >= seconds) return false;
  const rehearse = await rehearsalOf(world, setting);
  const there = [...least];
  for (let draw = 0; draw < futures; draw++) {
    const life = await rehearse({ draw, roundsMax: 1e6, until: target.objective });
    const rounds = life.endsMs.length;
    const isThere = life.objectiveAt(rounds) <= target.objective;
    there[draw] = isThere ? (life.endsMs[rounds - 1] ?? 0) / 1000 : Number.NaN;
    const left = there.filter((one) => !Number.isNaN(one));
    if (isTooFew(left.length, futures) || mean(left) >= seconds) return false;
  }
  return true;
}

/** So many futures of a setting are lived through to the end, the others until equal loss. */
const wholeLives = 8;

async function live(world: World, setting: Configuration): Promise<PilotRun[]> {
  const rehearse = await rehearsalOf(world, setting);
  const until = { until: world.target.objective };
  const lives: PilotRun[] = [];
  for (let draw = 0; draw < world.futures; draw++) {
    const end = draw < wholeLives ? {} : until;
    lives.push(await rehearse({ draw, roundsMax: 1e6, ...end }));
  }
  return lives;
}

function rehearsalOf({ spec: given, sample, machine, data }: World, setting: Configuration) {
  const spec = specWith(given, setting);
  const workMs = machine.workMs(forecastEntriesPerSlot(spec, data));
  return pilotRuns({ spec, sample, machine, workMs });
}

function secondsTo(lives: readonly PilotRun[], objective: number): number {
  const seconds: number[] = [];
  for (const life of lives) {
    const rounds = roundsTo(life, objective);
    if (rounds !== null) seconds.push(rounds === 0 ? 0 : life.endsMs[rounds - 1]! / 1000);
  }
  return isTooFew(seconds.length, lives.length) ? Number.POSITIVE_INFINITY : mean(seconds);
}

/** A future in five or more does not get there. */
function isTooFew(there: number, futures: number): boolean {
  return 5 * (futures - there) >= futures;
}

function same(a: Configuration, b: Configuration): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!;
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
