import { adam } from "./adam.ts";
import { adamw } from "./adamw.ts";
import { adan } from "./adan.ts";
import type { Adaptive } from "./adaptive.ts";
import { amsgrad } from "./amsgrad.ts";
import { avgrad } from "./avgrad.ts";
import { lion } from "./lion.ts";
import { mada } from "./mada/mada.ts";
import { muon } from "./muon.ts";
import { scheduleFree } from "./schedule-free.ts";
import { sgd } from "./sgd.ts";
import { yogi } from "./yogi.ts";

/** Methods with a learning rate: members of the optimizers' registry, and of `kofn/tfjs`. */
export const adaptives: readonly Adaptive[] = [
  sgd,
  adam,
  adamw,
  amsgrad,
  avgrad,
  yogi,
  adan,
  lion,
  scheduleFree,
  muon,
  mada,
];
