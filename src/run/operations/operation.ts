import type { Encoded } from "../../data/prepared.ts";
import type { Examples } from "../../math/rows.ts";
import type { Store } from "../../ports/store.ts";
import type { Problem } from "../../problems/problem.ts";
import type { WorkerReply } from "../messages.ts";

/** What a worker's environment has at hand for one slot of one data set. */
export interface Workplace {
  readonly store: Store;
  readonly encoded: Encoded;
  readonly slot: number;
  /** The slot's stored rows. */
  shard(): Promise<Examples>;
  /** Whatever else an operation makes of stored data; made once while the environment lives. */
  keep<Made>(name: string, make: () => Promise<Made>): Promise<Made>;
}

/**
 * One kind of question to a worker. All I/O is in `load`; `work` is pure: the same material and
 * task give the same bits.
 */
export interface Operation<Task, Material> {
  load(place: Workplace): Promise<Material>;
  work(problem: Problem, material: Material, task: Task, hold?: Hold): Answer;
}

/** Where a reply's numbers are kept, rounded to float32; an array of their own where absent. */
export type Hold = (values: Float64Array) => Float32Array;

export type Answer = Omit<WorkerReply, "computeMs">;
