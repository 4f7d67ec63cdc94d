import type { Quorum } from "../../quorum/quorum-state.ts";
import type { WorkerReply } from "../../tasks/protocol.ts";

/** What a strategy's state holds besides where its sums are secure. */
export interface SecureSums {
  /** The committee's public keys, one after another; null before they were asked for. */
  readonly keys: Uint8Array<ArrayBuffer> | null;
  /** The sum that the committee takes the masks off; null while slots are asked. */
  readonly opening: OpenSum | null;
  /** Whose sum an earlier life of the run began to open: of this round no other ever is. */
  readonly fixedSlots: readonly number[] | null;
}

export interface OpenSum {
  /** Whose numbers are in the sum, ascending. */
  readonly from: readonly number[];
  /** The members' replies. */
  readonly quorum: Quorum<WorkerReply>;
}

export const noSecureSums: SecureSums = { keys: null, opening: null, fixedSlots: null };
