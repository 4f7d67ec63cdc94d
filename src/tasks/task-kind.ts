import type { Encoded } from "../data/manifests.ts";
import type { Examples } from "../math/rows.ts";
import type { Store } from "../ports/store.ts";
import type { Problem } from "../problems/problem.ts";
import type { WorkerReply } from "./protocol.ts";

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
  /** Whatever else an operation makes of stored data; made once while the environment lives. */
  cached<Made>(name: string, make: () => Promise<Made>): Promise<Made>;
}

/**
 * One kind of question to a worker. `work` is pure: the same input and task give the same bits. All
 * I/O is in the others: `load` once while the environment lives, `gather` before each task's work
 * and `publish` after it.
 */
export interface TaskKind<Task, Material, Input = Material, Made extends TaskOutput = TaskOutput> {
  load(place: WorkerContext): Promise<Material>;
  /** What `work` takes where it needs more than the material: what this one task reads besides. */
  prepare?(place: WorkerContext, material: Material, task: Task): Promise<Input>;
  compute(problem: Problem, input: Input, task: Task, hold?: Allocator): Made;
  /**
   * As `work` of many slots at once, bit for bit, for those who play thousands of them; null where
   * one by one is as good. Their materials are put together once, for many tasks.
   */
  batch?(problem: Problem, inputs: readonly Input[]): BatchedCompute<Task> | null;
  /** Writes what came of the task; what it returns is replied. */
  publish?(place: WorkerContext, task: Task, made: Made): Promise<TaskOutput>;
}

/** Works on one task for everybody, and answers for the input at a place; null where it cannot. */
export type BatchedCompute<Task> = (task: Task) => ((place: number) => TaskOutput) | null;

/** Where a reply's numbers are kept, rounded to float32; an array of their own where absent. */
export type Allocator = (values: Float64Array) => Float32Array;

export type TaskOutput = Omit<WorkerReply, "computeMs">;
