import { fixed, type WaitMember } from "./policy.ts";

/** Every slot counts: exact with a tight code, and as slow as the slowest. */
export const waitForAll: WaitMember = {
  name: "all",
  create(wait, { workers }) {
    if (wait !== "all") return null;
    const rule = { needed: workers, enough: workers, deadlineMs: Number.POSITIVE_INFINITY };
    return fixed(rule, workers, `all ${workers}`);
  },
};
