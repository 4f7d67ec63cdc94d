import { type Random, randomFrom } from "../../src/core/random.ts";
import { invocationUsd } from "../../src/limits.ts";
import type { ArrivalEvent, EvaluatedEvent, RunEvent } from "../../src/ports/events.ts";

export interface Sample {
  readonly seed?: number;
  readonly workers?: number;
  readonly rounds?: number;
  /** Replies a round waits for. */
  readonly quorum?: number;
  readonly lateShare?: number;
  readonly lossShare?: number;
  /** Leaves out the stop and the result. */
  readonly running?: boolean;
  /** What every slot is asked in a round, one after the other. */
  readonly questions?: readonly string[];
  readonly testRows?: number;
  readonly objective?: (round: number) => number;
  readonly spec?: Readonly<Record<string, unknown>>;
}

/** A run as it might have gone: same seed, same delays, whatever the quorum. */
export function sampleEvents(sample: Sample = {}): RunEvent[] {
  const { rounds = 60 } = sample;
  const events: RunEvent[] = [startedEvent(sample), evaluatedEvent(sample, 0, 0)];
  let atMs = 0;
  for (let round = 0; round < rounds; round++) {
    const startedMs = atMs;
    let counted: number[] = [];
    for (const question of sample.questions ?? ["gradient"]) {
      const asked = sampleAsk(sample, round, question, atMs);
      counted = asked.arrivals.filter(({ fate }) => fate === "counted").map(({ slot }) => slot);
      events.push(...asked.arrivals);
      atMs = asked.endMs;
    }
    const evaluated = evaluatedEvent(sample, round + 1, atMs);
    events.push({
      type: "round",
      atMs,
      startedMs,
      round,
      counted: counted.sort((a, b) => a - b),
      objectiveEstimate: evaluated.objective * 1.02,
      gradientNorm: 3 * 0.9 ** round,
      stepSize: 0.5,
    });
    events.push(evaluated);
    if ((round + 1) % 20 === 0)
      events.push({ type: "checkpoint", atMs, sequence: (round + 1) / 20, key: `state/${round}` });
  }
  return sample.running ? events : [...events, ...ending(events, rounds, atMs)];
}

function evaluatedEvent(sample: Sample, round: number, atMs: number): EvaluatedEvent {
  const objective = sample.objective?.(round) ?? objectiveAt(sample, round);
  const train = { rmse: Math.sqrt(2 * objective), r2: 1 - objective };
  const test: Record<string, number> =
    sample.testRows === 0 ? {} : { rmse: Math.sqrt(2.1 * objective), r2: 0.98 - objective };
  return { type: "evaluated", atMs, round, objective, train, test };
}

function objectiveAt({ quorum = 12, workers = 16, seed = 7 }: Sample, round: number): number {
  const wobble = quorum < workers ? 0.012 * randomFrom(seed).fork(`o/${round}`).normal() : 0;
  return 0.182 + 0.9 * 0.87 ** round * (1 + wobble) + (quorum < workers ? 0.0006 : 0);
}

function startedEvent({ workers = 16, quorum = 12, ...sample }: Sample): RunEvent {
  const { rounds = 60, testRows = 4_000, seed = 7 } = sample;
  const encoded = quorum < workers;
  return {
    type: "started",
    atMs: 0,
    run: `ridge-${seed}-${quorum}`,
    startedAt: "2026-11-21T10:00:00Z",
    backend: "emulated",
    spec: sample.spec ?? {
      problem: { type: "ridge", l2: 0.05 },
      data: { source: "houses.csv", target: "price", test: 0.2 },
      workers,
      wait: encoded ? { fastest: quorum } : "all",
      encoding: encoded ? { type: "hadamard", redundancy: 2 } : { type: "uncoded" },
      optimizer: { type: "l-bfgs", memory: 10 },
      stop: { rounds },
      seed,
    },
    facts: {
      problem: "ridge",
      optimizer: "l-bfgs",
      encoding: encoded ? "hadamard" : "uncoded",
      redundancy: encoded ? 2 : 1,
      workers,
      wait: encoded ? `fastest ${quorum} of ${workers}` : `all ${workers}`,
      rows: 16_000,
      testRows,
      features: 24,
      roundsMax: rounds,
    },
  };
}

function sampleAsk(sample: Sample, round: number, question: string, startedMs: number) {
  const { workers = 16, quorum = 12, seed = 7 } = sample;
  const all: ArrivalEvent[] = [];
  for (let slot = 0; slot < workers; slot++) {
    const random = randomFrom(seed).fork(`${question}/${round}/${slot}`);
    all.push(
      sampleArrival(sample, random, `round-${round}/${question}/slot-${slot}`, slot, startedMs),
    );
  }
  all.sort((a, b) => a.atMs - b.atMs);
  const good = all.filter((arrival) => arrival.fate !== "lost");
  const counted = new Set(good.slice(0, quorum));
  const last = good[Math.min(quorum, good.length) - 1];
  const arrivals = all.map(
    (arrival): ArrivalEvent =>
      arrival.fate === "lost"
        ? arrival
        : { ...arrival, fate: counted.has(arrival) ? "counted" : "late" },
  );
  return { arrivals, endMs: last === undefined ? startedMs + 1_000 : last.atMs + 2 };
}

function sampleArrival(
  { lateShare = 0.1, lossShare = 0.004 }: Sample,
  random: Random,
  task: string,
  slot: number,
  startedMs: number,
): ArrivalEvent {
  const late = random.uniform() < (slot === 5 ? 0.5 : lateShare) ? 450 + 60 * random.normal() : 0;
  const lost = random.uniform() < lossShare;
  const coldStart = startedMs === 0;
  const computeMs = Math.max(20, 92 + 9 * random.normal());
  const tookMs = computeMs + Math.max(0, late) + (coldStart ? 180 : 0);
  const billedMs = Math.ceil(tookMs);
  return {
    type: "arrival",
    atMs: startedMs + tookMs,
    task,
    slot,
    startedMs,
    fate: lost ? "lost" : "counted",
    ...(lost ? { reason: "Runtime.ExitError: the worker's process ended" } : {}),
    usage: {
      billedMs,
      coldStart,
      bytesDown: 420,
      bytesUp: lost ? 0 : 512,
      costUsd: invocationUsd({ billedMs, memoryMb: 1_769 }),
    },
  };
}

function ending(events: readonly RunEvent[], rounds: number, atMs: number): RunEvent[] {
  const arrivals = events.filter((event) => event.type === "arrival");
  const evaluated = events.findLast((event) => event.type === "evaluated");
  const sum = (of: (arrival: ArrivalEvent) => number) =>
    arrivals.reduce((total, arrival) => total + of(arrival), 0);
  return [
    { type: "stopped", atMs, kind: "done", reason: `all ${rounds} rounds are done` },
    {
      type: "result",
      run: "sample",
      rounds,
      objective: evaluated?.objective ?? Number.NaN,
      metrics: { train: evaluated?.train ?? {}, test: evaluated?.test ?? {} },
      seconds: atMs / 1000,
      dollars: sum(({ usage }) => usage.costUsd),
      bytesUp: sum(({ usage }) => usage.bytesUp),
      bytesDown: sum(({ usage }) => usage.bytesDown),
      erasures: arrivals.filter(({ fate }) => fate !== "counted").length,
      weightsDigest: "0f".repeat(16),
      report: "report.html",
      model: "model.safetensors",
    },
  ];
}
