import { atSlot } from "../../core/slot-map.ts";
import { isFiniteVector, norm } from "../../math/vector.ts";
import { penalty, type WeightShape } from "../../problems/penalty.ts";
import type { Problem } from "../../problems/problem.ts";
import type { BlockTask, WorkerReply, WorkerTask } from "../messages.ts";
import type { Arrival, Step } from "../strategy.ts";
import type { Parts, Training } from "./method.ts";
import {
  answered,
  ask,
  despair,
  hear,
  isClosed,
  type Missing,
  outstanding,
  type Quorum,
  wakeAtMs,
} from "./quorum.ts";

export interface BlocksPlan {
  readonly problem: Pick<Problem, "l1" | "l2">;
  readonly wait: Parts["wait"];
  /** Data rows. */
  readonly rows: number;
  readonly shape: WeightShape;
  readonly weightsLength: number;
  /** Lifted features of every slot. */
  readonly storedRows: readonly number[];
  /** c in S'S = cI. */
  readonly scale: number;
  /** alpha: at most 1/(cL), every set of replies descends. */
  readonly stepSize: number;
  readonly roundsMax: number;
  /** Stop when the gradient's norm, as estimated, is below this part of the first round's. */
  readonly tolerance: number;
  readonly patienceMs: number;
}

/** The accepted state of training: X w and w, changed by the same increments. */
export interface BlocksState {
  readonly round: number;
  readonly startedMs: number;
  /** X w, an output after another. */
  readonly predictions: Float64Array<ArrayBuffer>;
  readonly weights: Float64Array<ArrayBuffer>;
  readonly firstNorm: number;
  readonly finished: boolean;
  readonly quorum: Quorum<WorkerReply>;
}

/**
 * Block coordinate descent over lifted features: w = S'v, slot i owns the block v_i, and a round
 * adds -alpha S_i' S_i grad F for the slots that count, in slot order. In w this is gradient descent
 * with the preconditioner S_A' S_A: no bias, so it converges to the optimum itself. Blocks never
 * exist by themselves: a task carries X w and w, all that a step depends on.
 */
export function encodedBlocks(plan: BlocksPlan): Training<BlocksState> {
  const workers = plan.storedRows.length;
  const outputs = plan.weightsLength / plan.shape.columns;
  const sent = sentOnce();
  return {
    start: () => ({
      round: 0,
      startedMs: 0,
      predictions: new Float64Array(plan.rows * outputs),
      weights: new Float64Array(plan.weightsLength),
      firstNorm: 0,
      finished: plan.roundsMax === 0,
      quorum: ask(0),
    }),
    progress: (state) => {
      const { round, finished } = state;
      return { round, weights: sent(state).weights, finished };
    },
    wanted(state) {
      if (state.finished) return [];
      const { tasks } = sent(state);
      return outstanding(state.quorum, workers).map((missing) => tasks(missing));
    },
    receive(state, arrival, atMs) {
      if (state.finished) return { state };
      const { heard, refused } = hearing(plan, state, arrival, atMs);
      const telling = refused === null ? {} : { refused };
      if (isClosed(heard.quorum, plan.wait, atMs))
        return { ...close(plan, heard, sent(state).weights, atMs), ...telling };
      const stuck = despair(heard.quorum, plan.wait, workers, plan.patienceMs, atMs);
      // A sound reply that closes nothing takes its own task off the list and changes no other.
      const settled =
        arrival.kind === "reply" && arrival.outcome.kind === "done" && refused === null;
      return { state: heard, ...telling, settled, ...(stuck === null ? {} : { stuck }) };
    },
    resume: (state, atMs) => ({ ...state, startedMs: atMs, quorum: ask(atMs) }),
    wakeAtMs: (state) => wakeAtMs(state.quorum, plan.wait, plan.patienceMs, () => true),
  };
}

/** The state with the arrival in its quorum; damaged replies count as lost. */
function hearing(
  plan: BlocksPlan,
  state: BlocksState,
  arrival: Arrival<WorkerTask, WorkerReply>,
  atMs: number,
): { heard: BlocksState; refused: string | null } {
  if (arrival.kind === "tick") return { heard: state, refused: null };
  const { task, outcome } = arrival;
  const refused = outcome.kind === "lost" ? null : damageOf(plan, outcome.result);
  const lost = refused === null ? outcome : ({ kind: "lost", reason: refused } as const);
  return { heard: { ...state, quorum: hear(state.quorum, task.slot, lost, atMs) }, refused };
}

/** Why a reply is as good as lost: the wrong length, or numbers that are none. Null for sound. */
function damageOf(plan: BlocksPlan, { loss, values }: WorkerReply): string | null {
  const outputs = plan.weightsLength / plan.shape.columns;
  const length = plan.rows * outputs + plan.weightsLength;
  if (values.length !== length) return `its reply has ${values.length} numbers, not ${length}`;
  const isSound = Number.isFinite(loss) && isFiniteVector(values);
  return isSound ? null : "its reply holds numbers that are none";
}

/** The blocks that count move; the next round begins, with a checkpoint at its boundary. */
function close(
  plan: BlocksPlan,
  state: BlocksState,
  asked: Float32Array<ArrayBuffer>,
  atMs: number,
): Step<BlocksState> {
  const { problem, shape, rows, stepSize } = plan;
  const counted = answered(state.quorum);
  const predictions = state.predictions.slice();
  const weights = state.weights.slice();
  const pull = new Float64Array(weights.length);
  for (const slot of counted) {
    const { values } = atSlot(state.quorum.replies, slot)!;
    eachOutput(values, rows, shape.columns, (output, ofPredictions, ofWeights) => {
      subtract(predictions, output * rows, stepSize, ofPredictions);
      subtract(weights, output * shape.columns, stepSize, ofWeights);
      subtract(pull, output * shape.columns, -1, ofWeights);
    });
  }
  const share = shareOf(plan.storedRows, counted);
  // The pulls of all slots are c times the gradient; those of some stand for the rest.
  const gradientNorm = share === 0 ? 0 : norm(pull) / (plan.scale * share);
  const firstNorm = state.round === 0 ? gradientNorm : state.firstNorm;
  const isDone = share > 0 && gradientNorm <= plan.tolerance * firstNorm;
  const { loss } = atSlot(state.quorum.replies, counted[0]!)!;
  const event = {
    type: "round",
    atMs,
    startedMs: state.startedMs,
    round: state.round,
    counted,
    objectiveEstimate: loss / rows + penalty(problem, asked, shape),
    gradientNorm,
    stepSize: isDone ? 0 : stepSize,
  } as const;
  const moved = isDone ? {} : { predictions, weights };
  const next: BlocksState = {
    ...state,
    ...moved,
    round: state.round + 1,
    startedMs: atMs,
    firstNorm,
    finished: isDone || state.round + 1 >= plan.roundsMax,
    quorum: ask<WorkerReply>(atMs),
  };
  return { state: next, events: [event], durable: true };
}

/** A reply's parts: for each output the change of its predictions, then that of its weights. */
function eachOutput(
  values: WorkerReply["values"],
  rows: number,
  columns: number,
  visit: (
    output: number,
    ofPredictions: WorkerReply["values"],
    ofWeights: WorkerReply["values"],
  ) => void,
): void {
  const length = rows + columns;
  for (let output = 0; output * length < values.length; output++) {
    const own = values.subarray(output * length, (output + 1) * length);
    visit(output, own.subarray(0, rows), own.subarray(rows));
  }
}

/** `out` -= factor * part, from `at` on. */
function subtract(
  out: Float64Array<ArrayBuffer>,
  at: number,
  factor: number,
  part: WorkerReply["values"],
): void {
  for (let i = 0; i < part.length; i++) out[at + i]! -= factor * part[i]!;
}

function shareOf(storedRows: readonly number[], slots: readonly number[]): number {
  const all = storedRows.reduce((sum, count) => sum + count, 0);
  return slots.reduce((sum, slot) => sum + storedRows[slot]!, 0) / all;
}

interface Sent {
  /** In single precision, as they travel. */
  readonly weights: Float32Array<ArrayBuffer>;
  tasks(missing: Missing): BlockTask;
}

/** What a round asks, made once while it lasts: every task carries the same two arrays. */
function sentOnce(): (state: BlocksState) => Sent {
  const known = new WeakMap<object, { round: number; sent: Sent }>();
  return ({ round, predictions, weights }) => {
    const before = known.get(predictions);
    if (before?.round === round) return before.sent;
    const asked = {
      operation: "block",
      round,
      weights: Float32Array.from(weights),
      predictions: Float32Array.from(predictions),
    } as const;
    const made: { readonly attempt: number; readonly task: BlockTask }[] = [];
    const tasks = ({ slot, attempt, notBeforeMs }: Missing): BlockTask => {
      const found = made[slot];
      if (found?.attempt === attempt && found.task.notBeforeMs === notBeforeMs) return found.task;
      const id = `round-${round}/block/slot-${slot}${attempt > 0 ? `/try-${attempt + 1}` : ""}`;
      const task = { id, slot, notBeforeMs, ...asked };
      made[slot] = { attempt, task };
      return task;
    };
    const sent = { weights: asked.weights, tasks };
    known.set(predictions, { round, sent });
    return sent;
  };
}
