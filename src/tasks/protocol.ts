import type { Feedback } from "../compression/feedback.ts";
import type { Chosen } from "../core/registry.ts";
import type { Slotted } from "../ports/compute.ts";
import type { Unit } from "../privacy/ledger/entry.ts";
import type { NoiseRule } from "../privacy/mechanisms/keyed-noise.ts";
import type { SumNoise } from "../privacy/sum-noise.ts";
import type { WeightShape } from "../problems/penalty.ts";
import type { StepRule } from "./consensus-update.ts";

/**
 * Raised with every change of what tasks and replies mean: while a deployment replaces its
 * functions one after the other, an old worker must not answer a new orchestrator, or the reverse.
 */
export const protocolVersion = 1;

/**
 * The oldest version that workers still answer, in its own words. A run's orchestrator stays on the
 * code that it began with while workers are replaced at once, so it is the last version before
 * this one: whoever raises `protocolVersion` leaves a worker that answers both.
 */
export const oldestProtocolVersion = 1;

/** One question to one slot's shard. */
export type WorkerTask =
  | GradientTask
  | LineSearchTask
  | BlockUpdateTask
  | SubproblemTask
  | LocalStepsTask
  | ConsensusStepTask
  | ClippedGradientSumTask
  | NoisyAggregateTask;

interface RoundTask extends Slotted {
  readonly round: number;
  readonly weights: Float32Array<ArrayBuffer>;
}

/** The sums of losses and gradients over the shard, at `weights`. */
export interface GradientTask extends RoundTask {
  readonly operation: "gradient";
}

/** What a line search along `direction` needs of the shard. */
export interface LineSearchTask extends RoundTask {
  readonly operation: "along";
  readonly direction: Float32Array<ArrayBuffer>;
  readonly steps: Float64Array<ArrayBuffer>;
}

/** What a unit step along the slot's lifted block would change: see `applyGram`. */
export interface BlockUpdateTask extends RoundTask {
  readonly operation: "block";
  /** X w of all data rows, an output after another. */
  readonly predictions: Float32Array<ArrayBuffer>;
}

/** Questions about the least squares of all users, or all items, at once. */
export type SubproblemTask =
  | SubproblemGradientsTask
  | SubproblemCurvaturesTask
  | SubproblemSolutionsTask;

interface SideTask extends RoundTask {
  /** Whose subproblems: the other side's weights stand still. */
  readonly side: "users" | "items";
  /** Subproblems of fewer ratings are solved exactly, the others by rounds. */
  readonly exactBelow: number;
}

interface EncodedSideTask extends SideTask {
  /** Codes are for multiples of so many rows. */
  readonly bank: number;
}

/** Gradient and loss of each subproblem over the slot's encoded rows. */
export interface SubproblemGradientsTask extends EncodedSideTask {
  readonly operation: "subproblem-gradients";
}

/** What an exact line search of each subproblem needs. */
export interface SubproblemCurvaturesTask extends EncodedSideTask {
  readonly operation: "subproblem-curvatures";
  /** One direction a subproblem. */
  readonly direction: Float32Array<ArrayBuffer>;
}

/** Exact solutions of the slot's small subproblems. */
export interface SubproblemSolutionsTask extends SideTask {
  readonly operation: "subproblem-solutions";
  /** Slots at which each is solved. */
  readonly copies: number;
}

/** Steps along gradients of minibatches; the way they lead from `weights` is told compressed. */
export interface LocalStepsTask extends RoundTask {
  readonly operation: "local-steps";
  /** Of every step. */
  readonly rates: Float64Array<ArrayBuffer>;
  /** Rows of a minibatch; 0 for all. */
  readonly batch: number;
  readonly momentum: number;
  readonly shape: WeightShape;
  readonly seed: number;
  readonly compression: Chosen;
  readonly feedback: Feedback;
  /** The round whose memory the slot goes on with; null for none. */
  readonly memory: number | null;
}

/**
 * A node's next message: its step from the messages of the round before, noised and published. All
 * that is asked is public; where `round` is 1, `weights` are what all nodes start from.
 */
export interface ConsensusStepTask extends RoundTask {
  readonly operation: "node-round";
  /** Whose messages of the round before it mixes, itself among them, and by which weights. */
  readonly from: Uint32Array<ArrayBuffer>;
  readonly mixing: Float64Array<ArrayBuffer>;
  readonly rule: StepRule;
  readonly noise: NoiseRule;
  readonly unit: Unit;
  readonly budget: { readonly epsilon: number; readonly delta: number };
  /** Who can read the message, in words. */
  readonly observers: string;
}

/**
 * The sum of the records' clipped gradients over a batch of the shard, drawn by the slot's secret.
 * It is put where the aggregator alone reads it, or noised and published by the slot itself.
 */
export interface ClippedGradientSumTask extends RoundTask {
  readonly operation: "clipped-sum";
  readonly rate: number;
  readonly clip: number;
  /** Null: the aggregator noises what all slots' sums add up to. */
  readonly publishes: Published | null;
}

/** What the sums of these slots add up to, noised and published. Asked of one slot. */
export interface NoisyAggregateTask extends RoundTask {
  readonly operation: "noised-sum";
  readonly from: Uint32Array<ArrayBuffer>;
  readonly publishes: Published;
}

/** How a sum is noised and charged: all of it public. */
export interface Published extends SumNoise {
  readonly unit: Unit;
  readonly budget: { readonly epsilon: number; readonly delta: number };
  /** Rounds that the budget is for. */
  readonly rounds: number;
  /** Who can read it, in words. */
  readonly observers: string;
}

export interface WorkerReply {
  /** Sum of losses over the shard's stored rows; 0 for `along`; over all rows for `block`. */
  readonly loss: number;
  /** The summed gradient (float32, as long as the weights), or what `along` gives (float64). */
  readonly values: Float32Array | Float64Array;
  /** Of `local-steps`: the compressed change. */
  readonly payload?: Uint8Array<ArrayBuffer>;
  /** The memory that the task named was gone: it began with none. */
  readonly forgot?: true;
  /** Time spent computing, for the records. */
  readonly computeMs: number;
}

/** What an invocation of the worker carries: which shard of what, and the task. */
export interface WorkerRequest {
  /** `protocolVersion` of whoever asks; absent within one process. */
  readonly version?: number;
  readonly run: string;
  /** Key of the manifest of encoded shards. */
  readonly encoded: string;
  readonly problem: Chosen;
  readonly task: WorkerTask;
}

/** Bytes of each array that a task is about, wherever they travel. */
export function inputBytes(task: WorkerTask): number[] {
  const bytes = [task.weights.byteLength];
  if ("predictions" in task) bytes.push(task.predictions.byteLength);
  if ("direction" in task) bytes.push(task.direction.byteLength);
  if ("steps" in task) bytes.push(task.steps.byteLength);
  if ("mixing" in task) bytes.push(task.mixing.byteLength);
  if ("from" in task) bytes.push(task.from.byteLength);
  if ("rates" in task) bytes.push(task.rates.byteLength);
  return bytes;
}

/** Stored numbers that a task goes through, of a slot that has so many. */
export function entriesOf(task: WorkerTask, entriesPerSlot: number): number {
  if (task.operation === "clipped-sum") return task.rate * entriesPerSlot;
  if (task.operation === "noised-sum") return task.from.length * task.weights.length;
  if (task.operation !== "local-steps") return entriesPerSlot;
  const { rates, batch, shape } = task;
  return rates.length * (batch === 0 ? entriesPerSlot : batch * (shape.columns + 1));
}

/** Bytes of the numbers that a reply is made of. */
export function outputBytes({ values, payload }: WorkerReply): number {
  return values.byteLength + (payload?.byteLength ?? 0);
}
