import type { Unit } from "../../privacy/ledger/entry.ts";
import type { NoiseRule } from "../../privacy/mechanisms/keyed-noise.ts";
import type { Quorum } from "../../quorum/quorum-state.ts";
import type { WaitRule } from "../../quorum/wait-policies/policy.ts";
import type { StepRule } from "../../tasks/consensus-update.ts";
import type { WorkerReply } from "../../tasks/protocol.ts";
import type { Graph } from "../../topology/graph.ts";
import type { GossipMatrix } from "../../topology/mixing.ts";

/** Who can read messages, wherever a run keeps them. */
export const observersInWords =
  "whoever can read the run's messages: other nodes, orchestrator, bucket readers";

export interface GossipPlan {
  readonly graph: Graph;
  /** Of one round, its repeats included. */
  readonly mixing: GossipMatrix;
  readonly weightsLength: number;
  /** Of every message of every node: the first index is its round less one. */
  readonly messages: readonly (readonly PublishedRound[])[];
  readonly unit: Unit;
  readonly budget: { readonly epsilon: number; readonly delta: number };
  readonly observers: string;
  readonly wait: WaitRule;
  readonly patienceMs: number;
}

/** What a node is told of one round: public, and known before the run begins. */
export interface PublishedRound {
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
