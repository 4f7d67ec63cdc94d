import { registry } from "../core/registry.ts";
import { alternatingStrategy } from "./alternating/definition.ts";
import { anytimeStrategy } from "./anytime/definition.ts";
import { asyncSgdStrategy } from "./async-sgd/definition.ts";
import type { StrategyDefinition } from "./definition.ts";
import { dpSgdStrategy } from "./dp-sgd/definition.ts";
import { encodedBlocksStrategy } from "./encoded-blocks/definition.ts";
import { gossipStrategy } from "./gossip/definition.ts";
import { localStepsStrategy } from "./local-steps/definition.ts";
import { pipelineStrategy } from "./pipeline/definition.ts";
import { roundsStrategy } from "./rounds/definition.ts";

export const strategies = registry<StrategyDefinition>("strategy", [
  roundsStrategy,
  encodedBlocksStrategy,
  alternatingStrategy,
  asyncSgdStrategy,
  localStepsStrategy,
  gossipStrategy,
  dpSgdStrategy,
  pipelineStrategy,
  anytimeStrategy,
]);
