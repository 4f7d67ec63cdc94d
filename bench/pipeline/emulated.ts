import { join } from "node:path";
import { train } from "../../src/index.ts";

interface Pass {
  readonly kind: "forward" | "backward";
  readonly stage: number;
  readonly fromMs: number;
  readonly toMs: number;
  readonly billedMs: number;
}

const stages = 2;
const examples = 256;
const pattern = /^step-(\d+)\/(forward|backward)\/stage-(\d+)\/microbatch-\d+\//;

/**
 * Two stages that compute for real, through the emulator: how long a step's passes take, beside
 * (m + p - 1)(f + b) and the hops, all of them medians of what was measured, and what of it is
 * billed. Each microbatch has as many rows.
 */
export async function emulatedMakespan(home: string, microbatches: number, steps: number) {
  const passes = new Map<number, Pass[]>();
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
        const match = pattern.exec(event.task);
        if (match === null) return;
        const [, step, kind, stage] = match;
        const { startedMs: fromMs, atMs: toMs, usage } = event;
        const own = passes.get(Number(step)) ?? [];
        const of = { kind: kind as Pass["kind"], stage: Number(stage), fromMs, toMs };
        own.push({ ...of, billedMs: usage.billedMs });
        passes.set(Number(step), own);
      },
    },
  );
  // Environments start in the first ones.
  const all = [...passes].flatMap(([step, own]) => (step < 2 ? [] : [own]));
  const lengthOf = (kind: Pass["kind"], stage: number) =>
    median(
      all
        .flat()
        .flatMap((one) =>
          one.kind === kind && one.stage === stage ? [one.toMs - one.fromMs] : [],
        ),
    );
  // A task's time as it is seen has its hop in it: there and back.
  const first = lengthOf("forward", 0) + lengthOf("backward", 0);
  const last = lengthOf("backward", stages - 1);
  const makespan = median(
    all.map((own) => {
      const from = Math.min(...own.map(({ fromMs }) => fromMs));
      return Math.max(...own.map(({ toMs }) => toMs)) - from;
    }),
  );
  const ideal = (microbatches - 1) * Math.max(first, last) + first + last;
  const billed = median(all.map((own) => own.reduce((sum, { billedMs }) => sum + billedMs, 0)));
  return { makespan, first, last, ideal, billed: billed / microbatches };
}

function median(list: readonly number[]): number {
  const sorted = list.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)]!;
}
