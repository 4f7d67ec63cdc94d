import { machineOf } from "../../src/backends/planning.ts";
import { choose } from "../../src/planner/choose.ts";
import { clock } from "../../src/planner/clocking.ts";
import { fatesOf } from "../../src/planner/lateness.ts";
import type { Machine } from "../../src/planner/machine.ts";
import { type Rehearsal, rehearsing } from "../../src/planner/rehearse.ts";
import { entriesPerRowOf, type Sample, sampleOf, shapeOf } from "../../src/planner/sample.ts";
import { type Setting, settingInWords, settingsOf, specWith } from "../../src/planner/setting.ts";
import { roundsTo } from "../../src/planner/target.ts";
import { type DataShape, entriesPerSlot } from "../../src/planner/workload.ts";
import { type RunSpec, resolveSpec } from "../../src/run/spec.ts";
import { prepareData } from "../../src/run/stage.ts";
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
  const { chosen, plain, target } = choice;
  const later: Machine = {
    ...machine,
    lateness: (moment, draw, isCold) => machine.lateness(moment, draw + 1000, isCold),
  };
  const world = { spec, data, sample, machine: later, objective: target.objective, futures };
  const chosenLives = await live(world, chosen.setting);
  const chosenSeconds = secondsTo(chosenLives, target.objective);
  const isPlain = chosen === plain;
  const plainSeconds = isPlain
    ? chosenSeconds
    : secondsTo(await live(world, plain.setting), target.objective);
  let best = { words: settingInWords(spec, chosen.setting), seconds: chosenSeconds };
  const fates = fatesOf(later.lateness);
  for (const setting of settingsOf(spec, auto, { rows: data.rows, sparse: false })) {
    if (setting === chosen.setting || same(setting, chosen.setting)) continue;
    const clocked = clock(specWith(spec, setting), data, { ...later, fates }, spec.stop.rounds);
    if (clocked.at(target.rounds).seconds >= best.seconds) continue;
    const seconds = secondsTo(await live(world, setting), target.objective);
    if (seconds < best.seconds) best = { words: settingInWords(spec, setting), seconds };
  }
  const told = { ...machine, fates: fatesOf(machine.lateness) };
  const { roundsToStop } = chosen;
  const own = specWith(spec, chosen.setting);
  const forecast = clock(own, data, told, roundsToStop, "told").at(roundsToStop);
  const ends = chosenLives.map(({ spent }) => spent.at(-1)!);
  const whole = ends.map(({ ms }) => ms / 1000);
  return {
    ...cell,
    chosen: settingInWords(spec, chosen.setting),
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
}

async function live(world: World, setting: Setting): Promise<Rehearsal[]> {
  const { sample, machine, data } = world;
  const spec = specWith(world.spec, setting);
  const workMs = machine.workMs(entriesPerSlot(spec, data));
  const lives: Rehearsal[] = [];
  const rehearse = await rehearsing({ spec, sample, machine, workMs });
  for (let draw = 0; draw < world.futures; draw++)
    lives.push(await rehearse({ draw, roundsMax: 1e6 }));
  return lives;
}

function secondsTo(lives: readonly Rehearsal[], objective: number): number {
  const seconds: number[] = [];
  for (const life of lives) {
    const rounds = roundsTo(life, objective);
    if (rounds !== null) seconds.push(rounds === 0 ? 0 : life.endsMs[rounds - 1]! / 1000);
  }
  const missed = lives.length - seconds.length;
  return 5 * missed >= lives.length ? Number.POSITIVE_INFINITY : mean(seconds);
}

function same(a: Setting, b: Setting): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!;
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
