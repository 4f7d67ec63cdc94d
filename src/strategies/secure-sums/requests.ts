import { atSlot, type SlotMap } from "../../core/slot-map.ts";
import { taskNameOf } from "../../ports/task-names.ts";
import { type Committee, sharesBytes, sharesFor } from "../../privacy/mechanisms/secure-sum.ts";
import type { PendingSlot } from "../../quorum/quorum-state.ts";
import type { Request } from "../../quorum/task-cache.ts";
import type { MaskSumTask } from "../../tasks/mask-sum.ts";
import type { WorkerReply, WorkerTask } from "../../tasks/protocol.ts";

/** What the first slots are asked before anything else. */
const keysSubject = {};

export function keysRequest(size: number): Request<WorkerTask> {
  return {
    prefix: "committee/",
    subject: keysSubject,
    task: (id, { slot }) =>
      slot < size ? { id, slot, round: 0, operation: "committee-key" } : null,
  };
}

/** Whose masks are asked for, and what they sealed. */
export interface MaskRequest {
  readonly committee: Committee;
  readonly round: number;
  /** How many numbers a sum is. */
  readonly length: number;
  readonly from: readonly number[];
  turnOf(slot: number): number;
  readonly replies: SlotMap<WorkerReply>;
  /** An earlier life of the run has fixed whose sum it is. */
  readonly isFixed: boolean;
}

/** What a member is asked. */
export function maskTask(of: MaskRequest, pending: PendingSlot): MaskSumTask {
  const { committee, round, length, from, replies, isFixed } = of;
  const { slot, notBeforeMs } = pending;
  const parties = from.flatMap((party) => [party, of.turnOf(party)]);
  const shares = from.map((party) => {
    const { payload } = atSlot(replies, party)!;
    const own = payload!.subarray(payload!.length - sharesBytes(committee));
    return sharesFor(committee, own, slot);
  });
  return {
    id: `sum-${round}/${isFixed ? "fixed" : "masks"}/${taskNameOf(pending)}`,
    slot,
    notBeforeMs,
    operation: "mask-sum",
    round,
    committee: committee.size,
    parties: Float64Array.from(parties),
    shares: new Uint8Array(Buffer.concat(shares)),
    length,
  };
}
