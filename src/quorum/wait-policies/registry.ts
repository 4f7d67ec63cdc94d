import { assert, RunError } from "../../core/errors.ts";
import { adaptiveWait } from "./adaptive.ts";
import { deadline, fastest, speculate, waitForAll } from "./fixed-policies.ts";
import type { QuorumSize, WaitMember, WaitPolicy } from "./policy.ts";
import type { Wait } from "./wait.ts";

/** The policy for a number of workers. Throws `RunError` where it asks for more than there are. */
export function waitPolicy(wait: Wait, crowd: QuorumSize): WaitPolicy {
  const policy = created(wait, crowd);
  const asked = typeof wait === "object" && "adaptive" in wait ? wait.adaptive.atLeast : undefined;
  const needed = Math.max(policy.needed, asked ?? 0);
  if (needed > crowd.workers) {
    throw new RunError(
      "quorum-too-large",
      `wait: ${needed} replies are asked for, but there are ${crowd.workers} workers`,
      { hint: `ask for at most ${crowd.workers}, or raise workers` },
    );
  }
  return policy;
}

function created(wait: Wait, crowd: QuorumSize): WaitPolicy {
  const copying = speculate((quorum) => created(quorum, crowd));
  const members: readonly WaitMember[] = [waitForAll, fastest, deadline, adaptiveWait, copying];
  for (const member of members) {
    const policy = member.create(wait, crowd);
    if (policy !== null) return policy;
  }
  assert(false, "the schema lets only known policies pass");
}
