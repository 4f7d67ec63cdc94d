import { registry } from "../core/registry.ts";
import type { Compressor } from "./compressor.ts";
import { power } from "./power.ts";
import { none, qsgd, sign, sLevel } from "./quantizers.ts";
import { rotated } from "./rotated.ts";
import { qRandomK, qTopK, randomK, signRandomK, signTopK, topK } from "./sparsifiers.ts";

export const compressors = registry<Compressor>("compression", [
  none,
  topK,
  randomK,
  qsgd,
  sLevel,
  rotated,
  sign,
  qTopK,
  qRandomK,
  signTopK,
  signRandomK,
  power,
]);
