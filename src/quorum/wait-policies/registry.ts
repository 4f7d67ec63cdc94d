import { assert, RunError } from "../../core/errors.ts";
import { registry } from "../../core/registry.ts";
import { adaptiveWait } from "./adaptive.ts";
import { deadline, fastest, speculate, waitForAll } from "./fixed-policies.ts";
import type { QuorumSize, WaitMember, WaitPolicy } from "./policy.ts";
import type { Wait } from "./wait.ts";

/** Rules that a program registered, by the name that `wait: { rule: name }` gives. */
export const ownWaits = registry<(size: QuorumSize) => WaitPolicy>("wait rule", []);

const ownWait: WaitMember = {
  name: "rule",
  create(wait, size) {
    if (typeof wait === "string" || !("rule" in wait)) return null;
    return ownWaits.create({ type: wait.rule, ...wait.options })(size);
  },
};

/** The policy for a number of workers. Throws `RunError` where it asks for more than there are. */
export function waitPolicy(wait: Wait, size: QuorumSize): WaitPolicy {
  const policy = createPolicy(wait, size);
  const atLeast =
    typeof wait === "object" && "adaptive" in wait ? wait.adaptive.atLeast : undefined;
  const needed = Math.max(policy.needed, atLeast ?? 0);
  if (needed > size.workers) {
    const { called = "workers" } = size;
    throw new RunError(
      "quorum-too-large",
      `wait: ${needed} replies are asked for, but there are ${size.workers} ${called}`,
      { hint: `ask for at most ${size.workers}, or raise ${called}` },
    );
  }
  return size.called === undefined
    ? policy
    : { ...policy, inWords: `${policy.inWords} ${size.called}` };
}

function createPolicy(wait: Wait, size: QuorumSize): WaitPolicy {
  const copying = speculate((quorum) => createPolicy(quorum, size));
  const members: readonly WaitMember[] = [
    ...[waitForAll, fastest, deadline],
    ...[adaptiveWait, copying, ownWait],
  ];
  for (const member of members) {
    const policy = member.create(wait, size);
    if (policy !== null) return policy;
  }
  assert(false, "the schema lets only known policies pass");
}
