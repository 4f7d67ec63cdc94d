import {
  adam as adamMethod,
  adamw as adamwMethod,
  amsgrad as amsgradMethod,
  avgrad as avgradMethod,
  yogi as yogiMethod,
} from "../../optimizers/adaptive/adam-family.ts";
import { adan as adanMethod } from "../../optimizers/adaptive/adan.ts";
import { mada as madaMethod } from "../../optimizers/adaptive/mada/mada.ts";
import { lion as lionMethod, sgd as sgdMethod } from "../../optimizers/adaptive/momentum.ts";
import { muon as muonMethod } from "../../optimizers/adaptive/muon.ts";
import { nadamw as nadamwMethod } from "../../optimizers/adaptive/nadamw.ts";
import { scheduleFree as scheduleFreeMethod } from "../../optimizers/adaptive/schedule-free.ts";
import { defineOptimizer } from "./adaptive-optimizer.ts";

/*
 * `kofn/tfjs`: optimizers for plain TensorFlow.js. Each takes the options that docs/reference.md
 * lists under its name, and goes wherever a `tf.train` optimizer goes: `model.compile`,
 * `minimize`, `applyGradients`. Saved models find them again once this module is imported.
 */
export { finalState } from "../../optimizers/adaptive/mada/mada.ts";
export type { Builder } from "../model-source.ts";
export type { AdaptiveOptimizer, NamedTensor } from "./adaptive-optimizer.ts";

export const sgd = defineOptimizer(sgdMethod, "KofnSgd");
export const adam = defineOptimizer(adamMethod, "KofnAdam");
export const adamw = defineOptimizer(adamwMethod, "KofnAdamW");
export const nadamw = defineOptimizer(nadamwMethod, "KofnNadamW");
export const amsgrad = defineOptimizer(amsgradMethod, "KofnAmsGrad");
export const avgrad = defineOptimizer(avgradMethod, "KofnAvGrad");
export const yogi = defineOptimizer(yogiMethod, "KofnYogi");
export const adan = defineOptimizer(adanMethod, "KofnAdan");
export const lion = defineOptimizer(lionMethod, "KofnLion");
export const scheduleFree = defineOptimizer(scheduleFreeMethod, "KofnScheduleFree");
export const muon = defineOptimizer(muonMethod, "KofnMuon");
export const mada = defineOptimizer(madaMethod, "KofnMada");
