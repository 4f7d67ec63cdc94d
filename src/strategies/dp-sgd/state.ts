import type { Memory, Stepper } from "../../optimizers/optimizer.ts";
import type { Committee, Words } from "../../privacy/mechanisms/secure-sum.ts";
import type { WeightShape } from "../../problems/penalty.ts";
import type { Problem } from "../../problems/problem.ts";
import type { Quorum } from "../../quorum/quorum-state.ts";
import type { WaitRule } from "../../quorum/wait-policies/policy.ts";
import type { WorkerReply } from "../../tasks/protocol.ts";
import type { Published } from "../../tasks/published-sum.ts";
import type { SecureSums } from "../secure-sums/state.ts";

export interface DpSgdPlan {
  readonly workers: number;
  readonly problem: Problem;
  readonly optimizer: Stepper;
  /** Of the public rows, the part expected in a batch. */
  readonly rate: number;
  /** The most records of a worker's batch; absent for no bound. */
  readonly cap?: number;
  /** The rounds in one of which, drawn at random, each record is; absent for a coin a round. */
  readonly epoch?: number;
  readonly clip: number;
  /** What a noised sum is divided by: a public number. */
  readonly divisor: number;
  readonly l2: number;
  readonly shape: WeightShape;
  /** What the gradient of the mean loss has besides the rows' clipped parts; null for nothing. */
  readonly open: ((at: Float32Array) => Float64Array) | null;
  readonly weightsLength: number;
  initial(): Float32Array<ArrayBuffer>;
  readonly noiseAt: "aggregator" | "workers";
  /** Who takes the masks off sums that workers noise together; null where there are none. */
  readonly secure: Committee | null;
  readonly published: Published;
  readonly wait: WaitRule;
  readonly roundsMax: number;
  readonly patienceMs: number;
}

export interface DpSgdState {
  /** Noised sums published and used. */
  readonly round: number;
  readonly startedMs: number;
  readonly weights: Float32Array<ArrayBuffer>;
  /** Where the gradient is asked; null for at the weights. */
  readonly ahead: Float32Array<ArrayBuffer> | null;
  readonly memory: Memory;
  /** The slots' sums; once it is closed, the aggregator is asked. */
  readonly quorum: Quorum<WorkerReply>;
  /** The aggregator's task; null while slots are asked. */
  readonly adding: Adding | null;
  readonly finished: boolean;
  /** Of secure sums; absent where there are none. */
  readonly secure?: SecureSums;
}

/** The sums that are there are added up, noised and published. */
export interface Adding {
  /** Whose they are, ascending. */
  readonly from: readonly number[];
  /** How often the task was lost: another slot is asked each time. */
  readonly losses: number;
  readonly notBeforeMs: number;
  /** When the aggregator was asked first; patience counts from here. */
  readonly sinceMs: number;
  readonly trouble: string | null;
  /** What the masks of a secure sum add up to. */
  readonly masks?: Words;
}
