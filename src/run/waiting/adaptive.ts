import { disagreement } from "./disagreement.ts";
import type { AdaptiveOptions } from "./floor.ts";
import { gainPolicy } from "./gain.ts";
import { learnedDeadline } from "./learned-deadline.ts";
import { type Crowd, policy, type WaitMember, type WaitPolicy } from "./policy.ts";
import { adaptiveSchema } from "./wait.ts";

const rules: {
  readonly [Rule in AdaptiveOptions["rule"]]: (
    options: AdaptiveOptions,
    crowd: Crowd,
  ) => WaitPolicy;
} = {
  gain: (options, crowd) => policy(gainPolicy(options, crowd)),
  deadline: (options, crowd) => policy(learnedDeadline(options, crowd)),
  disagreement: (options, crowd) => policy(disagreement(options, crowd)),
};

/** Whom to wait for, learned while the run goes on. */
export const adaptive: WaitMember = {
  name: "adaptive",
  create(wait, crowd) {
    if (wait !== "adaptive" && (typeof wait === "string" || !("adaptive" in wait))) return null;
    const options = wait === "adaptive" ? adaptiveSchema.parse({}) : wait.adaptive;
    return rules[options.rule](options, crowd);
  },
};
