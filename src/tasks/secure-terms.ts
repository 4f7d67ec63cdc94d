import {
  type CommitteeSize,
  committeeOf,
  type MaskedNumbers,
  maskedNumbers,
  sharesBytes,
  type Words,
} from "../privacy/mechanisms/secure-sum.ts";
import type { RoundTask, WorkerReply } from "./task-kind.ts";

/**
 * A task whose reply hides its numbers in a sum of which only the whole is told. Kinds of their
 * own, so that a worker of another version refuses them instead of answering in clear.
 */
export interface SecureTask extends RoundTask {
  readonly committee: CommitteeSize;
  /** The members' public keys, one after another. */
  readonly committeeKeys: Uint8Array<ArrayBuffer>;
  /** How many slots there are. */
  readonly parties: number;
}

/** What a member must name to open a slot's share: no other slot's, and of no other round. */
export function sharePurpose(run: string, round: number, slot: number): string {
  return JSON.stringify(["secure sum", run, round, slot]);
}

/** A slot's whole numbers under its masks; `use` names all that they hang on. */
export function maskedFor(
  task: SecureTask,
  run: string,
  { secret, use }: { readonly secret: Uint8Array; readonly use: string },
  values: Float64Array,
): MaskedNumbers {
  const { slot, round, committee: size, committeeKeys: keys, parties } = task;
  const purpose = sharePurpose(run, round, slot);
  return maskedNumbers(values, parties, {
    secret,
    use,
    purpose,
    committee: committeeOf(size),
    keys,
  });
}

/** Why a reply of so many masked numbers, and shares after them, is as good as lost. */
export function invalidMasked(
  { committee }: SecureTask,
  { payload }: WorkerReply,
  numbers: number,
): string | null {
  const bytes = maskedBytes(numbers) + sharesBytes(committeeOf(committee));
  const length = payload?.length ?? 0;
  return length === bytes ? null : `its reply has ${length} bytes, not ${bytes}`;
}

export function maskedBytes(numbers: number): number {
  return 8 * numbers;
}

/** Words as they travel and lie in the store, and back. */
export function bytesOfWords({ buffer, byteOffset, byteLength }: Words): Uint8Array<ArrayBuffer> {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

export function wordsOfBytes(bytes: Uint8Array): Words {
  return new Uint32Array(new Uint8Array(bytes).buffer);
}
