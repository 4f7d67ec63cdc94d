import { adam as adamMethod } from "../../optimizers/adaptive/adam.ts";
import { adamw as adamwMethod } from "../../optimizers/adaptive/adamw.ts";
import { adan as adanMethod } from "../../optimizers/adaptive/adan.ts";
import { amsgrad as amsgradMethod } from "../../optimizers/adaptive/amsgrad.ts";
import { avgrad as avgradMethod } from "../../optimizers/adaptive/avgrad.ts";
import { lion as lionMethod } from "../../optimizers/adaptive/lion.ts";
import { mada as madaMethod } from "../../optimizers/adaptive/mada/mada.ts";
import { muon as muonMethod } from "../../optimizers/adaptive/muon.ts";
import { scheduleFree as scheduleFreeMethod } from "../../optimizers/adaptive/schedule-free.ts";
import { sgd as sgdMethod } from "../../optimizers/adaptive/sgd.ts";
import { yogi as yogiMethod } from "../../optimizers/adaptive/yogi.ts";
import { defineOptimizer } from "./define-optimizer.ts";

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
export const amsgrad = defineOptimizer(amsgradMethod, "KofnAmsGrad");
export const avgrad = defineOptimizer(avgradMethod, "KofnAvGrad");
export const yogi = defineOptimizer(yogiMethod, "KofnYogi");
export const adan = defineOptimizer(adanMethod, "KofnAdan");
export const lion = defineOptimizer(lionMethod, "KofnLion");
export const scheduleFree = defineOptimizer(scheduleFreeMethod, "KofnScheduleFree");
export const muon = defineOptimizer(muonMethod, "KofnMuon");
export const mada = defineOptimizer(madaMethod, "KofnMada");
