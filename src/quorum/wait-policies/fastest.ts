import { fixed, type WaitMember } from "./policy.ts";

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
