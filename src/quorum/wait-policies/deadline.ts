import { fixed, type WaitMember } from "./policy.ts";

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
