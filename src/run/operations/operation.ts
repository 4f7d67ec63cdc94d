import type { Encoded } from "../../data/prepared.ts";
import type { Examples } from "../../math/rows.ts";
import type { Store } from "../../ports/store.ts";
import type { Problem } from "../../problems/problem.ts";
import type { WorkerReply } from "../messages.ts";

/** What a worker's environment has at hand for one slot of one data set. */
export interface Workplace {
  readonly store: Store;
  /** The run that asks. */
  readonly run: string;
  readonly encoded: Encoded;
  readonly slot: number;
  /** The slot's stored rows. */
  shard(): Promise<Examples>;
  /** Whatever else an operation makes of stored data; made once while the environment lives. */
  keep<Made>(name: string, make: () => Promise<Made>): Promise<Made>;
}

/**
 * One kind of question to a worker. `work` is pure: the same input and task give the same bits. All
 * I/O is in the others: `load` once while the environment lives, `gather` before each task's work
 * and `publish` after it.
 */
export interface Operation<Task, Material, Input = Material, Made extends Answer = Answer> {
  load(place: Workplace): Promise<Material>;
  /** What `work` takes where it needs more than the material: what this one task reads besides. */
  gather?(place: Workplace, material: Material, task: Task): Promise<Input>;
  work(problem: Problem, input: Input, task: Task, hold?: Hold): Made;
  /**
   * As `work` of many slots at once, bit for bit, for those who play thousands of them; null where
   * one by one is as good. Their materials are put together once, for many tasks.
   */
  crowd?(problem: Problem, inputs: readonly Input[]): Crowded<Task> | null;
  /** Writes what came of the task; what it returns is replied. */
  publish?(place: Workplace, task: Task, made: Made): Promise<Answer>;
}

/** Works on one task for everybody, and answers for the input at a place; null where it cannot. */
export type Crowded<Task> = (task: Task) => ((place: number) => Answer) | null;

/** Where a reply's numbers are kept, rounded to float32; an array of their own where absent. */
export type Hold = (values: Float64Array) => Float32Array;

export type Answer = Omit<WorkerReply, "computeMs">;
