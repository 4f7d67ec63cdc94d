import { adam, adamw, amsgrad, avgrad, yogi } from "./adam-family.ts";
import { adan } from "./adan.ts";
import type { Adaptive } from "./adaptive.ts";
import { mada } from "./mada/mada.ts";
import { lion, sgd } from "./momentum.ts";
import { muon } from "./muon.ts";
import { nadamw } from "./nadamw.ts";
import { scheduleFree } from "./schedule-free.ts";

/** Methods with a learning rate: members of the optimizers' registry, and of `kofn/tfjs`. */
export const adaptives: readonly Adaptive[] = [
  sgd,
  adam,
  adamw,
  nadamw,
  amsgrad,
  avgrad,
  yogi,
  adan,
  lion,
  scheduleFree,
  muon,
  mada,
];
