import { RunError } from "../core/errors.ts";

/** What a worker does at one place of its schedule, in torch's letters. */
export interface Action {
  /** Forward, backward, and a backward split into slopes of inputs (I) and of weights (W). */
  readonly kind: ComputeKind | MessageKind;
  readonly stage: number;
  readonly microbatch: number;
}

export type ComputeKind = "F" | "B" | "I" | "W";
export type MessageKind = "SEND_F" | "RECV_F" | "SEND_B" | "RECV_B";

/** Which stages there are, where they run, and what each reads. */
export interface Pipeline {
  /** Worker of each stage. */
  readonly workerOf: readonly number[];
  /** Stages whose tensors a stage reads, all of them earlier ones. */
  readonly producers: readonly (readonly number[])[];
}

/** Orders of work, as data: what each worker does, one thing after another. */
export interface Schedule {
  readonly pipeline: Pipeline;
  readonly microbatches: number;
  readonly workers: readonly (readonly Action[])[];
}

/** Stages in a row, a worker for each. */
export function straightPipeline(stages: number): Pipeline {
  return {
    workerOf: Array.from({ length: stages }, (_, i) => i),
    producers: Array.from({ length: stages }, (_, i) => (i === 0 ? [] : [i - 1])),
  };
}

export function consumersOf({ producers }: Pipeline): readonly (readonly number[])[] {
  return producers.map((_, stage) =>
    producers.flatMap((of, reader) => (of.includes(stage) ? [reader] : [])),
  );
}

export const scheduleNames = ["simple", "interleaved", "1f1b"] as const;
export type ScheduleName = (typeof scheduleNames)[number];

export interface ScheduleOptions {
  readonly name: ScheduleName;
  readonly microbatches: number;
  /** Microbatches a worker may have begun and not finished; without it as each schedule has it. */
  readonly activeMicrobatches?: number;
}

/**
 * The orders of a schedule: `simple` does all forward passes first (GPipe); `interleaved` prefers
 * a backward pass wherever one can run, with at most stages + 2 microbatches in flight; `1f1b`
 * alternates after as many forward passes as there are stages left. Any number of microbatches.
 */
export function makeSchedule(pipeline: Pipeline, options: ScheduleOptions): Schedule {
  const { name, microbatches, activeMicrobatches } = options;
  if (!Number.isInteger(microbatches) || microbatches < 1)
    throw new RunError("bad-schedule", `microbatches: ${microbatches}: at least one is needed`);
  if (activeMicrobatches !== undefined && !(activeMicrobatches >= 1))
    throw new RunError("bad-schedule", `activeMicrobatches: ${activeMicrobatches}: at least one`);
  const stages = pipeline.workerOf.length;
  if (name === "1f1b") return oneForwardOneBackward(pipeline, microbatches, activeMicrobatches);
  if (name === "simple") {
    if (activeMicrobatches !== undefined && activeMicrobatches < microbatches)
      throw new RunError(
        "bad-schedule",
        `activeMicrobatches: ${activeMicrobatches}: simple keeps all ${microbatches} in flight`,
        { hint: "use interleaved or 1f1b, or fewer microbatches" },
      );
    return greedy(pipeline, microbatches, microbatches, false);
  }
  return greedy(pipeline, microbatches, activeMicrobatches ?? stages + 2, true);
}

/**
 * The order that stages are worked in: 1f1b counts the stages that are left, and where workers have
 * several of them, as those do who share layers, `interleaved` does the same from what can run.
 */
export function orderFor(name: ScheduleName, { workerOf }: Pipeline): ScheduleName {
  const isOneEach = new Set(workerOf).size === workerOf.length;
  return name === "1f1b" && !isOneEach ? "interleaved" : name;
}

function oneForwardOneBackward(
  pipeline: Pipeline,
  microbatches: number,
  activeMicrobatches = Number.POSITIVE_INFINITY,
): Schedule {
  const stages = pipeline.workerOf.length;
  if (new Set(pipeline.workerOf).size !== stages)
    throw new RunError("bad-schedule", "schedule: 1f1b: a worker has more than one stage", {
      hint: "use schedule: interleaved, or shared: replicate with partitioner: graph",
    });
  const workers: Action[][] = [];
  for (const [stage, worker] of pipeline.workerOf.entries()) {
    const ahead = Math.min(microbatches, stages - stage, activeMicrobatches);
    const order: Action[] = [];
    for (let k = 0; k < microbatches + ahead; k++) {
      if (k >= ahead) order.push({ kind: "B", stage, microbatch: k - ahead });
      if (k < microbatches) order.push({ kind: "F", stage, microbatch: k });
    }
    workers[worker] = order;
  }
  return { pipeline, microbatches, workers };
}

/** A backward pass takes twice as long as a forward pass, where nobody knows better. */
const usual = { F: 1, B: 2 } as const;

/**
 * The order that comes about when each idle worker takes what it can run: backward passes first
 * (or not before the last forward pass), then lower microbatches, then later stages.
 */
function greedy(
  pipeline: Pipeline,
  microbatches: number,
  cap: number,
  backwardFirst: boolean,
): Schedule {
  const { workerOf, producers } = pipeline;
  const consumers = consumersOf(pipeline);
  const workers: Action[][] = Array.from({ length: 1 + Math.max(...workerOf) }, () => []);
  const freeAt = workers.map(() => 0);
  const endOf = new Map<string, number>();
  const key = (kind: string, stage: number, mb: number) => `${stage}${kind}${mb}`;
  const ended = (kind: string, stage: number, mb: number, now: number) =>
    (endOf.get(key(kind, stage, mb)) ?? Number.POSITIVE_INFINITY) <= now;
  const stagesOf = workers.map((_, w) => workerOf.flatMap((own, s) => (own === w ? [s] : [])));
  const count = (worker: number, kind: string) =>
    workers[worker]!.filter((action) => action.kind === kind).length;
  const inFlight = (worker: number) => {
    const begun = new Set(workers[worker]!.map(({ microbatch }) => microbatch));
    return [...begun].filter((mb) => !stagesOf[worker]!.every((s) => endOf.has(key("B", s, mb))));
  };
  const choice = (worker: number, now: number): Action | null => {
    const own = stagesOf[worker]!;
    const mayReturn = backwardFirst || count(worker, "F") === own.length * microbatches;
    for (let mb = 0; mayReturn && mb < microbatches; mb++)
      for (const stage of own.toReversed())
        if (
          !endOf.has(key("B", stage, mb)) &&
          ended("F", stage, mb, now) &&
          consumers[stage]!.every((reader) => ended("B", reader, mb, now))
        )
          return { kind: "B", stage, microbatch: mb };
    const open = inFlight(worker);
    for (let mb = 0; mb < microbatches; mb++)
      for (const stage of own.toReversed()) {
        if (endOf.has(key("F", stage, mb))) continue;
        if (!producers[stage]!.every((from) => ended("F", from, mb, now))) continue;
        if (open.includes(mb) || open.length < cap) return { kind: "F", stage, microbatch: mb };
      }
    return null;
  };
  for (let now = 0, left = 2 * workerOf.length * microbatches; left > 0; now++)
    for (const worker of workers.keys()) {
      const action = freeAt[worker]! <= now ? choice(worker, now) : null;
      if (action === null) continue;
      workers[worker]!.push(action);
      freeAt[worker] = now + usual[action.kind as "F" | "B"];
      endOf.set(key(action.kind, action.stage, action.microbatch), freeAt[worker]!);
      left--;
    }
  return { pipeline, microbatches, workers };
}

/** Throws `RunError` where a schedule can be printed and priced, but not run. */
export function refuseUnrunnable({ workers }: Schedule): void {
  const split = workers.flat().find(({ kind }) => kind === "I" || kind === "W");
  if (split === undefined) return;
  throw new RunError(
    "split-backward",
    `schedule: ${split.stage}${split.kind}${split.microbatch}: a backward pass in two is not run`,
    { hint: "write B instead of I, and leave W out: on functions a bubble costs no money" },
  );
}
