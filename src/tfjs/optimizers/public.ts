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
import { made } from "./made.ts";

/*
 * `kofn/tfjs`: optimizers for plain TensorFlow.js. Each takes the options that docs/reference.md
 * lists under its name, and goes wherever a `tf.train` optimizer goes: `model.compile`,
 * `minimize`, `applyGradients`. Saved models find them again once this module is imported.
 */
export { finalState } from "../../optimizers/adaptive/mada/mada.ts";
export type { Builder } from "../model-source.ts";
export type { AdaptiveOptimizer, NamedTensor } from "./adaptive-optimizer.ts";

export const sgd = made(sgdMethod, "KofnSgd");
export const adam = made(adamMethod, "KofnAdam");
export const adamw = made(adamwMethod, "KofnAdamW");
export const amsgrad = made(amsgradMethod, "KofnAmsGrad");
export const avgrad = made(avgradMethod, "KofnAvGrad");
export const yogi = made(yogiMethod, "KofnYogi");
export const adan = made(adanMethod, "KofnAdan");
export const lion = made(lionMethod, "KofnLion");
export const scheduleFree = made(scheduleFreeMethod, "KofnScheduleFree");
export const muon = made(muonMethod, "KofnMuon");
export const mada = made(madaMethod, "KofnMada");
