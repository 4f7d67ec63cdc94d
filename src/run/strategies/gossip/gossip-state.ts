import type { Unit } from "../../../privacy/ledger/entry.ts";
import type { Graph } from "../../../topology/graph.ts";
import type { Mixing } from "../../../topology/mixing.ts";
import type { WorkerReply } from "../../messages.ts";
import type { WaitRule } from "../../waiting/rule.ts";
import type { Quorum } from "../quorum.ts";
import type { StepRule } from "./node-step.ts";
import type { NoiseRule } from "./noised.ts";

/** Who can read messages, wherever a run keeps them. */
export const observersInWords =
  "whoever can read the run's messages: other nodes, orchestrator, bucket readers";

export interface GossipPlan {
  readonly graph: Graph;
  /** Of one round, its repeats included. */
  readonly mixing: Mixing;
  readonly weightsLength: number;
  /** Of every message of every node: the first index is its round less one. */
  readonly messages: readonly (readonly Told[])[];
  readonly unit: Unit;
  readonly budget: { readonly epsilon: number; readonly delta: number };
  readonly observers: string;
  readonly wait: WaitRule;
  readonly patienceMs: number;
}

/** What a node is told of one round: public, and known before the run begins. */
export interface Told {
  readonly rule: StepRule;
  readonly noise: NoiseRule;
}

export interface GossipState {
  /** Rounds done: so many messages of every node are published. */
  readonly round: number;
  readonly startedMs: number;
  /** Whose message of the last round counts, ascending; all before the first. */
  readonly present: readonly number[];
  /** The mean of those messages: the model. */
  readonly mean: Float64Array<ArrayBuffer>;
  readonly quorum: Quorum<WorkerReply>;
  readonly finished: boolean;
}
