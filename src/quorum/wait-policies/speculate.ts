import { fixed, type WaitMember, type WaitPolicy } from "./policy.ts";
import type { Wait } from "./wait.ts";

/** Copies of tasks that run far longer than the others; the first reply of a slot counts. */
export function speculate(inner: (wait: Wait) => WaitPolicy): WaitMember {
  return {
    name: "speculate",
    create(wait, { workers }) {
      if (typeof wait === "string" || !("speculate" in wait)) return null;
      const { after, factor, minimum, quorum } = wait.speculate;
      const { needed, enough, deadlineMs, inWords } = inner(quorum);
      const copies = {
        workers,
        afterReplies: Math.max(1, Math.ceil(after * workers)),
        factor,
        minimumMs: minimum,
      };
      const rule = { needed, enough, deadlineMs, copies };
      return fixed(rule, workers, `${inWords}, copies of the slow`);
    },
  };
}
