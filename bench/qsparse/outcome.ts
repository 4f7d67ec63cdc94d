import { train } from "../../src/index.ts";
import { withOpenRun } from "../../src/platform/training/open-run.ts";
import type { RunEvent } from "../../src/ports/events.ts";
import { readHistory } from "../../src/run/finish.ts";
import type { RunInput } from "../../src/run/resolve-spec.ts";

/** What is compared: a compressor and H. */
export interface Row {
  readonly name: string;
  readonly compression: {
    readonly type: string;
    readonly k?: number;
    readonly scale?: string;
    /** Of weights on their way down. */
    readonly down?: { readonly type: string; readonly k: number };
  } | null;
  readonly local: number;
}

/** Steps c / (a + t), and the momentum of the Nesterov steps outside; 0: none. */
export interface Tuning {
  readonly scale: number;
  readonly shift: number;
  readonly outer: number;
}

export interface Point {
  readonly step: number;
  readonly objective: number;
  readonly bitsUp: number;
  readonly bitsDown: number;
}

export interface Outcome {
  readonly row: Row;
  readonly tuning: Tuning;
  readonly curve: readonly Point[];
}

export interface Bench {
  readonly source: string;
  readonly home: string;
  readonly rows: number;
  readonly workers: number;
  readonly steps: number;
}

export function endOf({ curve }: Outcome): Point {
  return curve.at(-1)!;
}

export function reachedAt({ curve }: Outcome, aim: number): Point | null {
  return curve.find((point) => point.objective <= aim) ?? null;
}

/**
 * The one that reaches the aim with the fewest bits, both ways where both are compressed, or, where
 * none does, ends lowest.
 */
export function bestOf(outcomes: readonly Outcome[], aim: number): Outcome {
  const bits = (one: Outcome) => {
    const reached = reachedAt(one, aim);
    if (reached === null) return Number.POSITIVE_INFINITY;
    return reached.bitsUp + (one.row.compression?.down === undefined ? 0 : reached.bitsDown);
  };
  return outcomes.reduce((best, one) => {
    if (bits(one) !== bits(best)) return bits(one) < bits(best) ? one : best;
    return endOf(one).objective < endOf(best).objective ? one : best;
  });
}

/** One simulated run. */
export async function outcomeOf(bench: Bench, row: Row, tuning: Tuning): Promise<Outcome> {
  const { home } = bench;
  const { run } = await train(specOf(bench, row, tuning), { backend: "simulated", home });
  const events = await withOpenRun({ home }, run, ({ store }) => readHistory(store, run));
  return { row, tuning, curve: curveOf(events, row.local) };
}

function specOf({ source, rows, workers, steps }: Bench, row: Row, tuning: Tuning): RunInput {
  const { local, compression } = row;
  const { scale, shift, outer } = tuning;
  return {
    problem: { type: "softmax", l2: 1 / rows },
    data: { source, target: "digit" },
    workers,
    wait: "all",
    strategy: {
      type: "local-steps",
      steps: local,
      batch: 8,
      learningRate: { schedule: "inverse", scale, shift },
    },
    ...(outer === 0
      ? {}
      : { optimizer: { type: "sgd", learningRate: 1, momentum: outer, nesterov: true } }),
    ...(compression === null ? {} : { compression: compression as RunInput["compression"] }),
    stop: { rounds: Math.round(steps / local), tolerance: 0 },
    weather: { model: "calm" },
  };
}

/** The loss at the evaluated rounds, with the bits until then. */
function curveOf(events: readonly RunEvent[], local: number): Point[] {
  let [bitsUp, bitsDown] = [0, 0];
  const until = [{ bitsUp, bitsDown }];
  for (const event of events) {
    if (event.type !== "round") continue;
    bitsUp += event.bitsUp!;
    bitsDown += event.bitsDown!;
    until.push({ bitsUp, bitsDown });
  }
  return events
    .filter((event) => event.type === "evaluated")
    .map(({ round, objective }) => ({ step: round * local, objective, ...until[round]! }));
}
