import { fixed, type WaitMember, type WaitPolicy } from "./policy.ts";
import type { Wait } from "./wait.ts";

/** Every slot counts: exact with a tight code, and as slow as the slowest. */
export const waitForAll: WaitMember = {
  name: "all",
  create(wait, { workers }) {
    if (wait !== "all") return null;
    const rule = { needed: workers, enough: workers, deadlineMs: Number.POSITIVE_INFINITY };
    return fixed(rule, workers, `all ${workers}`);
  },
};

/** The first k replies: with k of the slots quick enough, nobody else is waited for. */
export const fastest: WaitMember = {
  name: "fastest",
  create(wait, { workers }) {
    if (typeof wait === "string" || !("fastest" in wait)) return null;
    const k = wait.fastest;
    const rule = { needed: k, enough: k, deadlineMs: Number.POSITIVE_INFINITY };
    return fixed(rule, workers, `fastest ${k} of ${workers}`);
  },
};

/** Whoever has replied by a fixed time, and at least so many. */
export const deadline: WaitMember = {
  name: "deadline",
  create(wait, { workers }) {
    if (typeof wait === "string" || !("deadline" in wait)) return null;
    const { deadline: deadlineMs, atLeast: needed } = wait;
    const inWords = `${deadlineMs} ms, at least ${needed} of ${workers}`;
    return fixed({ needed, enough: workers, deadlineMs }, workers, inWords);
  },
};

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
