import { RunError } from "../core/errors.ts";
import type { Slotted } from "../ports/compute.ts";
import {
  type CommitteeSize,
  committeeOf,
  maskSums,
  memberKeys,
  memberShareBytes,
  partWords,
} from "../privacy/mechanisms/secure-sum.ts";
import { workerRoles } from "../store-effects.ts";
import { summedPartiesKey } from "../store-layout.ts";
import { keptSecret } from "./node-secret.ts";
import { publishedVectorBytes } from "./published-vector.ts";
import { bytesOfWords, sharePurpose } from "./secure-terms.ts";
import type { TaskKind, TaskOutput, WorkerReply } from "./task-kind.ts";

/**
 * What the masks of these parties add up to, as far as a member of the committee knows. The slot is
 * the member.
 */
export interface MaskSumTask extends Slotted {
  readonly operation: "mask-sum";
  /** Names the sum: of one round only one is ever opened. */
  readonly round: number;
  readonly committee: CommitteeSize;
  /** Slots, each with the round that its numbers are of: who is late may count later. */
  readonly parties: Float64Array<ArrayBuffer>;
  /** What each of them sealed for this member. */
  readonly shares: Uint8Array<ArrayBuffer>;
  /** How many numbers a sum is. */
  readonly length: number;
}

interface Input {
  readonly secret: Uint8Array;
  readonly run: string;
}

/**
 * A member opens the parties' shares and tells what their masks add up to, never a seed. Whose sum
 * a round's is, is written once, before any member has told anything: two sums over sets that
 * differ would tell the difference. A member that is asked for another set names the one that is
 * written, and tells nothing else.
 */
export const maskSum: TaskKind<MaskSumTask, null, Input> = {
  load: async () => null,
  prepare: async ({ store, run, slot }) => ({ secret: await keptSecret(store, run, slot), run }),
  compute(_problem, { secret, run }, { slot, committee: size, parties, shares, length }) {
    const committee = committeeOf(size);
    const pairs = pairsOf(parties);
    if (new Set(pairs.map(([party]) => party)).size < committee.leastParties)
      throw new RunError("too-few-parties", `a secure sum of ${pairs.length} slots`, {
        hint: `${committee.leastParties} different slots are the fewest: wait for more`,
      });
    const bytes = memberShareBytes(committee);
    const boxes = pairs.map(([party, round], i) => ({
      purpose: sharePurpose(run, round, party),
      bytes: shares.subarray(i * bytes, (i + 1) * bytes),
    }));
    const sums = maskSums(committee, slot, memberKeys(secret), boxes, length);
    return { loss: 0, values: parties, payload: bytesOfWords(sums) };
  },
  async publish({ store, run }, { round, parties }, output): Promise<TaskOutput> {
    const key = summedPartiesKey(run, round);
    if (await store.writeOnce(key, publishedVectorBytes(parties))) return output;
    const first = await store.read(key);
    const others = first === null ? parties : partiesOf(first);
    if (isSameSet(others, parties)) return output;
    return { loss: 0, values: others, payload: new Uint8Array(0) };
  },
  validate({ parties, committee, length }, reply) {
    const bytes = reply.payload?.length ?? 0;
    const isOther = setAsWritten(reply, parties) !== null;
    const expected = isOther ? 0 : 4 * partWords(committeeOf(committee), length);
    if (bytes !== expected) return `its reply has ${bytes} bytes, not ${expected}`;
    return reply.values.length % 2 === 0 ? null : "its reply has half of a pair";
  },
  size: {
    requestArrays: ({ parties, shares }) => [parties.byteLength, shares.byteLength],
    entries: ({ committee, parties, length }) =>
      (parties.length / 2) * partWords(committeeOf(committee), length),
  },
  effects: {
    roles: workerRoles,
    reads: ["encoded", "secrets", "published"],
    writes: ["published"],
  },
};

/** A set that was written; of a damaged one, numbers that are no set that was asked for. */
function partiesOf(bytes: Uint8Array): Float64Array<ArrayBuffer> {
  const whole = bytes.length - (bytes.length % Float64Array.BYTES_PER_ELEMENT);
  return new Float64Array(new Uint8Array(bytes.subarray(0, whole)).buffer);
}

/** Slots and rounds, one after the other, as pairs. */
export function pairsOf(parties: ArrayLike<number>): (readonly [number, number])[] {
  return Array.from({ length: parties.length / 2 }, (_, i) => [
    parties[2 * i]!,
    parties[2 * i + 1]!,
  ]);
}

/** The set that a round's sum is over, where it is not the one that was asked for; else null. */
export function setAsWritten(
  { values }: Pick<WorkerReply, "values">,
  parties: Float64Array,
): Float64Array | null {
  return isSameSet(values, parties) ? null : Float64Array.from(values);
}

function isSameSet(a: ArrayLike<number>, b: ArrayLike<number>): boolean {
  return a.length === b.length && Array.from(a).every((one, i) => one === b[i]);
}
