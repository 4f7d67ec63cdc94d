import type { Encoded } from "../data/manifests.ts";
import type { Examples } from "../math/rows.ts";
import type { TableFacts } from "../math/slices/sliced-gradient.ts";
import type { TensorSpec } from "../math/vector.ts";
import type { Slotted } from "../ports/compute.ts";
import type { ObjectRef } from "../ports/object-ref.ts";
import type { Store } from "../ports/store.ts";
import type { Problem } from "../problems/problem.ts";
import type { CleanUp, Effects } from "../store-effects.ts";
import type { TensorArray } from "../wire/safetensors.ts";

/** What every task holds. */
export interface RoundTask extends Slotted {
  readonly round: number;
  readonly weights: Float32Array<ArrayBuffer>;
}

/** What a task gave back. */
export interface WorkerReply {
  /** Sum of losses over the shard's stored rows, or what else the task kind says; 0 for none. */
  readonly loss: number;
  /** The numbers that the task kind says, in the precision that it says. */
  readonly values: Float32Array | Float64Array;
  /** A compressed vector, where replies are compressed. */
  readonly payload?: Uint8Array<ArrayBuffer>;
  /** Of a gradient with tables that was asked for by rows: which rows it touches. */
  readonly tables?: readonly TableFacts[];
  /** The worker state that the task named was gone: it began with none. */
  readonly forgot?: true;
  /** Tensors by name; those that the task leaves in the store as references. */
  readonly tensors?: Readonly<Record<string, TensorArray | ObjectRef>>;
  /** SHA-256 of each tensor of a model's part, hexadecimal. */
  readonly digests?: readonly string[];
  /** What an optimizer learned about itself, by name. */
  readonly learned?: Readonly<Record<string, number>>;
  /** Of the weights that it was computed at, where a task is of one version of them. */
  readonly version?: number;
  /** Objects that it read besides those that its task names as inputs. */
  readonly storeReads?: number;
  /** Stored rows that it is of, where the task left that to its time. */
  readonly rows?: number;
  /** Time spent computing, for the records. */
  readonly computeMs: number;
}

/** What a worker's environment has at hand for one slot of one data set. */
export interface WorkerContext {
  readonly store: Store;
  /** The run that asks. */
  readonly run: string;
  readonly encoded: Encoded;
  readonly slot: number;
  /** How many slots this process works for, at most. */
  readonly slots: number;
  /** The slot's stored rows. */
  shard(): Promise<Examples>;
  /** The tensor that a reference stands for. Throws `RunError` where it is gone or another. */
  object(ref: ObjectRef): Promise<TensorArray>;
  /** Whatever else an operation makes of stored data; made once while the environment lives. */
  cached<Made>(name: string, make: () => Promise<Made>): Promise<Made>;
}

/**
 * One kind of question to a worker: the one place that knows it. `compute` is pure: the same input
 * and task give the same bits, of a task that works until its time is up those of as many rows. All
 * I/O is in the others: `load` once while the environment lives, `prepare` before each task is
 * computed and `publish` after it.
 */
export interface TaskKind<Task, Material, Input = Material, Made extends TaskOutput = TaskOutput> {
  load(place: WorkerContext): Promise<Material>;
  /** It opens what it needs of the problem by itself: the problem need not be loaded. */
  readonly opensProblem?: true;
  /** What `compute` takes where it needs more than the material: what this task reads besides. */
  prepare?(place: WorkerContext, material: Material, task: Task, problem: Problem): Promise<Input>;
  /** `elapsedMs` is the time since the invocation began, for kinds that have `withinTime`. */
  compute(
    problem: Problem,
    input: Input,
    task: Task,
    hold?: Allocator,
    elapsedMs?: () => number,
  ): Made;
  /**
   * Of a kind whose tasks work until their time is up: the same task for exactly the rows that it
   * gets through where it begins `lateMs` after its invocation and the whole shard takes `shardMs`.
   */
  withinTime?(task: Task, lateMs: number, shardMs: number): Task;
  /**
   * As `compute` of many slots at once, bit for bit, for those who play thousands of them; null
   * where one by one is as good. Their materials are put together once, for many tasks, of at most
   * `slots` slots. It answers no task that reads or writes something of its own.
   */
  batch?(
    problem: Problem,
    materials: readonly Material[],
    slots?: number,
  ): BatchedCompute<Task, Material> | null;
  /** Writes what came of the task; what it returns is replied. */
  publish?(place: WorkerContext, task: Task, made: Made): Promise<TaskOutput>;
  /** Why a reply is as good as lost; null for a sound one. */
  validate(task: Task, reply: WorkerReply, facts: ReplyFacts): string | null;
  readonly size: TaskSize<Task>;
  /** What `load`, `prepare` and `publish` do to the store. */
  readonly effects: Effects;
  /** What of that is of no use when the run is over. */
  readonly cleanUp?: CleanUp;
}

/** What a run knows of its replies beforehand; a kind asserts that what it needs is there. */
export interface ReplyFacts {
  readonly weightsLength?: number;
  /** The tensors that the weights are; one vector where absent. */
  readonly parameters?: readonly TensorSpec[] | undefined;
  /** The problem's loss is quadratic: a line search needs a single number. */
  readonly isQuadratic?: boolean;
  /** Of ratings: who has how many, and how they are encoded. */
  readonly encoded?: Encoded;
}

/** What a task weighs, for the planner, the simulation and the bill. */
export interface TaskSize<Task> {
  /** Bytes of each array that the task holds, wherever they travel. */
  requestArrays(task: Task): number[];
  /** Bytes of the reply's arrays; null, or absent, where that cannot be said without it. */
  replyBytes?(task: Task, isQuadratic: boolean): number | null;
  /** Stored numbers that it goes through, of a slot that has so many; all of them where absent. */
  entries?(task: Task, entriesPerSlot: number): number;
}

/** Works on a task for everybody whose material it has. */
export interface BatchedCompute<Task, Material> {
  /**
   * Answers for the material at a place what its own task asks, in no time; null where it cannot.
   * All their tasks have the same weights.
   */
  answer(task: Task): ((place: number, task: Task) => WorkerReply | null) | null;
  /** Takes more materials, at the next places; absent, or false, where all must be put together. */
  add?(materials: readonly Material[]): boolean;
}

/** Where a reply's numbers are kept, rounded to float32; an array of their own where absent. */
export type Allocator = (values: Float64Array) => Float32Array;

export type TaskOutput = Omit<WorkerReply, "computeMs">;
