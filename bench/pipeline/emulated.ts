import { join } from "node:path";
import { train } from "../../src/index.ts";

interface Pass {
  readonly kind: "forward" | "backward";
  readonly stage: number;
  readonly fromMs: number;
  readonly toMs: number;
  readonly billedMs: number;
}

/** What was seen of a step. */
interface StepSeen {
  readonly passes: Pass[];
  /** Sent and replied, of all its tasks. */
  bytes: number;
}

const stages = 2;
const examples = 256;
const taskPattern = /^step-(\d+)\//;
const passPattern = /\/(forward|backward)\/stage-(\d+)\/microbatch-\d+\//;
/** Of `halves.ts`: what a backward pass tells of both stages. */
export const slopeBytes = 4 * (13 * 1_024 + 4 * 1_025 * 1_024 + 3 * 1_025);

/**
 * Two stages that compute for real, through the emulator: how long a step's passes take, beside
 * (m + p - 1)(f + b) of the same step's tasks, each with its hop; what of it is billed; and what
 * goes through the orchestrator. Each microbatch has as many rows. Medians over steps.
 */
export async function emulatedMakespan(home: string, microbatches: number, steps: number) {
  const seen = new Map<number, StepSeen>();
  const rows = examples * microbatches;
  await train(
    {
      problem: { type: "network", model: join(import.meta.dirname, "halves.ts"), backend: "wasm" },
      data: { generate: { type: "classification", rows, features: 12 }, test: 0 },
      strategy: { type: "pipeline", stages, microbatches, placement: "3| ...", batch: rows },
      optimizer: { type: "sgd", learningRate: 0.01 },
      stop: { rounds: steps, tolerance: 0 },
      weather: { model: "calm" },
    },
    {
      home,
      listen(event) {
        if (event.type !== "arrival" || event.fate !== "counted") return;
        const step = Number(taskPattern.exec(event.task)?.[1]);
        if (Number.isNaN(step)) return;
        const { startedMs: fromMs, atMs: toMs, usage } = event;
        const own = seen.get(step) ?? { passes: [], bytes: 0 };
        seen.set(step, own);
        own.bytes += usage.bytesDown + usage.bytesUp;
        const [, kind, stage] = passPattern.exec(event.task) ?? [];
        if (kind === undefined) return;
        const of = { kind: kind as Pass["kind"], stage: Number(stage), fromMs, toMs };
        own.passes.push({ ...of, billedMs: usage.billedMs });
      },
    },
  );
  // Environments start in the first ones.
  const all = [...seen].flatMap(([step, own]) => (step < 2 ? [] : [own]));
  const told = all.map(({ passes }) => beside(passes, microbatches));
  const medianOf = (of: (one: (typeof told)[number]) => number) => median(told.map(of));
  return {
    makespan: medianOf(({ makespan }) => makespan),
    ratio: medianOf(({ makespan, ideal }) => makespan / ideal),
    first: medianOf(({ first }) => first),
    last: medianOf(({ last }) => last),
    billed: medianOf(({ billed }) => billed) / microbatches,
    throughBytes: median(all.map(({ bytes }) => bytes)),
  };
}

/** A step beside the formula, by the times of its own tasks: what slows the machine slows both. */
function beside(passes: readonly Pass[], microbatches: number) {
  const meanOf = (kind: Pass["kind"], stage: number) => {
    const own = passes.filter((one) => one.kind === kind && one.stage === stage);
    return own.reduce((sum, { fromMs, toMs }) => sum + toMs - fromMs, 0) / own.length;
  };
  const first = meanOf("forward", 0) + meanOf("backward", 0);
  // The last stage does both passes in one.
  const last = meanOf("backward", stages - 1);
  const from = Math.min(...passes.map(({ fromMs }) => fromMs));
  return {
    ...{ first, last },
    makespan: Math.max(...passes.map(({ toMs }) => toMs)) - from,
    ideal: (microbatches - 1) * Math.max(first, last) + first + last,
    billed: passes.reduce((sum, { billedMs }) => sum + billedMs, 0),
  };
}

function median(list: readonly number[]): number {
  const sorted = list.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)]!;
}
