import { define } from "../core/registry.ts";
import type { LatencyModel } from "./latency.ts";

export const calm = define({
  name: "calm",
  summary: "no delays",
  options: {},
  examples: [{}],
  create: (): LatencyModel => ({ delayMs: () => 0 }),
});
