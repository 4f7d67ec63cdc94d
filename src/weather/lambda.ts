import { define } from "../core/registry.ts";
import { type LatencyModel, ofTask } from "./latency.ts";

/** The median and the spread of the log-normal tenth. */
const lateSeconds = 0.45;
const lateSpread = 0.4;

export const lambda = define({
  name: "lambda",
  summary: "additive lateness as fitted to published Lambda traces; no bursts",
  reference: "published traces of 256 synchronous Lambda invocations a round, 2022",
  options: {},
  examples: [{}],
  create: (): LatencyModel => ({
    delayMs(moment, root) {
      const random = ofTask(root, moment);
      const seconds =
        random.uniform() < 0.1
          ? lateSeconds * Math.exp(lateSpread * random.normal())
          : Math.max(0, 0.04 * random.normal());
      return 1000 * seconds;
    },
  }),
});
