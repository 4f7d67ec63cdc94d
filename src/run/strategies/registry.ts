import { registry } from "../../core/registry.ts";
import { alternatingMethod } from "./alternating/alternating-method.ts";
import { dpSgdMethod } from "./dp-sgd/dp-sgd-method.ts";
import { encodedBlocksMethod } from "./encoded-blocks/encoded-blocks-method.ts";
import { gossipMethod } from "./gossip/gossip-method.ts";
import { localStepsMethod } from "./local-steps/local-steps-method.ts";
import type { Method } from "./method.ts";
import { roundsMethod } from "./rounds/rounds-method.ts";
import { turnsMethod } from "./turns/turns-method.ts";

export const methods = registry<Method>("strategy", [
  roundsMethod,
  encodedBlocksMethod,
  alternatingMethod,
  turnsMethod,
  localStepsMethod,
  gossipMethod,
  dpSgdMethod,
]);
