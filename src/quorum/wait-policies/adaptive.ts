import type { AdaptiveOptions } from "./exploration.ts";
import { gradientSignPolicy } from "./gradient-sign.ts";
import { learnedDeadline } from "./learned-deadline.ts";
import { policy, type QuorumSize, type WaitMember, type WaitPolicy } from "./policy.ts";
import { throughputPolicy } from "./throughput.ts";
import { adaptiveSchema } from "./wait.ts";

const rules: {
  readonly [Rule in AdaptiveOptions["rule"]]: (
    options: AdaptiveOptions,
    crowd: QuorumSize,
  ) => WaitPolicy;
} = {
  gain: (options, crowd) => policy(throughputPolicy(options, crowd)),
  deadline: (options, crowd) => policy(learnedDeadline(options, crowd)),
  disagreement: (options, crowd) => policy(gradientSignPolicy(options, crowd)),
};

/** Whom to wait for, learned while the run goes on. */
export const adaptiveWait: WaitMember = {
  name: "adaptive",
  create(wait, crowd) {
    if (wait !== "adaptive" && (typeof wait === "string" || !("adaptive" in wait))) return null;
    const options = wait === "adaptive" ? adaptiveSchema.parse({}) : wait.adaptive;
    return rules[options.rule](options, crowd);
  },
};
