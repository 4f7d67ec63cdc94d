import { atSlot, slotNumbers } from "../../core/slot-map.ts";
import type { Step } from "../../engine/strategy.ts";
import { wholeModel } from "../../ports/model-ref.ts";
import { type Collecting, collect } from "../../quorum/collect.ts";
import { meanOfRows } from "../../quorum/decode.ts";
import { respondedSlots } from "../../quorum/quorum.ts";
import { openQuorum } from "../../quorum/quorum-state.ts";
import type { Request } from "../../quorum/task-cache.ts";
import type { WaitRule } from "../../quorum/wait-policies/policy.ts";
import type { AnytimeGradientTask } from "../../tasks/anytime-gradient.ts";
import type { WorkerReply, WorkerTask } from "../../tasks/protocol.ts";
import { invalidReply } from "../../tasks/registry.ts";
import type { TrainingStrategy } from "../definition.ts";
import { divergenceOf } from "../rounds/validate-reply.ts";
import {
  type SteppedPlan,
  type SteppedState,
  startStepping,
  stepRound,
} from "../stepped-rounds.ts";

export interface AnytimePlan extends SteppedPlan {
  readonly work: Pick<AnytimeGradientTask, "timeMs" | "block" | "seed">;
  /** The most rows of a worker in a round. */
  readonly batch: number;
}

export interface AnytimeState extends SteppedState, Collecting<WorkerReply> {}

/** Rounds of equal time: each slot sums the gradients of as many of its rows as it gets through. */
export function anytime(plan: AnytimePlan): TrainingStrategy<AnytimeState> {
  const rounds = collect<AnytimeState, WorkerTask, WorkerReply>({
    workers: plan.storedRows.length,
    patienceMs: plan.patienceMs,
    start: () => ({ ...startStepping(plan), quorum: openQuorum(0) }),
    request: (state) => sumsRequest(plan, state),
    rule: (state) => withoutLost(plan, state),
    validate: (_state, task, reply) => invalidReply(task, reply),
    diverged: (_state, task, reply, invalid) => divergenceOf(plan, task, reply, invalid),
    // A loss may close the round, so that none is recorded in a batch.
    afterLoss: (state) => state,
    close: (state, { atMs }) => takeStep(plan, state, atMs),
    reopen: (state, atMs) => ({ ...state, startedMs: atMs, quorum: openQuorum(atMs) }),
  });
  return {
    ...rounds,
    rowsOf: ({ rows }) => rows,
    progress: ({ round, weights, finished }) => ({ round, model: wholeModel(weights), finished }),
  };
}

function sumsRequest(plan: AnytimePlan, { round, ...at }: AnytimeState): Request<WorkerTask> {
  const weights = at.ahead ?? at.weights;
  const sums = { operation: "anytime-gradient", round, weights, ...plan.work } as const;
  return {
    prefix: `round-${round}/anytime/`,
    subject: weights,
    task(id, { slot, notBeforeMs }) {
      const storedRows = plan.storedRows[slot]!;
      const rowsMax = Math.min(plan.batch, storedRows);
      return { id, slot, notBeforeMs, ...sums, storedRows, rowsMax };
    },
  };
}

/** Who was lost would need all the time again: the round does not wait for it. */
function withoutLost({ wait, storedRows }: AnytimePlan, { quorum }: AnytimeState): WaitRule {
  const isLost = (slot: number) => atSlot(quorum.replies, slot) === undefined;
  const most = Math.max(1, storedRows.length - slotNumbers(quorum.losses).filter(isLost).length);
  return { ...wait, needed: Math.min(wait.needed, most), enough: Math.min(wait.enough, most) };
}

/** A step along the mean gradient over all rows that were done, whoever did them. */
function takeStep(plan: AnytimePlan, state: AnytimeState, atMs: number): Step<AnytimeState> | null {
  const counted = respondedSlots(state.quorum);
  const mean = meanOfRows(state.quorum.replies, counted);
  if (mean === null) return null;
  const { next, event } = stepRound(plan, state, mean, { counted, atMs });
  return { state: { ...next, quorum: openQuorum(atMs) }, events: [event], durable: true };
}
