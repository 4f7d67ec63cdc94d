import * as z from "zod";
import { RunError } from "../../core/errors.ts";
import {
  type Committee,
  type CommitteeSize,
  committeeOf,
} from "../../privacy/mechanisms/secure-sum.ts";
import type { WaitPolicy } from "../../quorum/wait-policies/policy.ts";
import type { RunSpec } from "../../spec/run-spec.ts";

/** A strategy's option of that name. */
export const secureSumOption = z
  .union([z.literal(3), z.literal(5)], "expected 3 or 5, the size of the committee")
  .optional()
  .describe(
    "tell only what all slots' numbers add up to, each under masks that a committee of so many " +
      "workers takes off the sum: one of 3, or two of 5, learn nothing and may be missing",
  );

/** The committee of a spec's option; null for sums in clear. */
export function committeeFor(size: CommitteeSize | undefined): Committee | null {
  return size === undefined ? null : committeeOf(size);
}

/** Refuses sums that would tell of one slot, and quorums that may be that small. */
export function checkSecureSum(
  { workers }: RunSpec,
  wait: WaitPolicy,
  { size, leastParties }: Committee,
): void {
  const refuse = (what: string, hint: string) =>
    new RunError("bad-combination", `strategy.secureSum: ${size}: ${what}`, { hint });
  if (workers < size)
    throw refuse(
      `the committee is of the workers, and there are ${workers}`,
      `give workers: ${size} or more`,
    );
  if (wait.desertion !== undefined || wait.wantsGradient)
    throw refuse(
      `wait: ${wait.inWords}: a quorum that learns closes with any number of replies, and a sum ` +
        "of few tells of them",
      "choose all, { fastest: k } or { deadline: 800ms, atLeast: k }",
    );
  if (wait.needed < leastParties)
    throw refuse(
      `wait: ${wait.inWords}: a sum of fewer than ${leastParties} tells of one to whoever knows ` +
        "the others",
      `wait for ${leastParties} or more`,
    );
}
