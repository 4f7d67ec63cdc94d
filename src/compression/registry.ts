import { registry } from "../core/registry.ts";
import type { Compressor } from "./compressor.ts";
import { none } from "./none.ts";
import { power } from "./power.ts";
import { qRandomK, qTopK } from "./q-top-k.ts";
import { qsgd } from "./qsgd.ts";
import { randomK } from "./random-k.ts";
import { rotated } from "./rotated.ts";
import { sLevel } from "./s-level.ts";
import { sign } from "./sign.ts";
import { signRandomK, signTopK } from "./sign-top-k.ts";
import { topK } from "./top-k.ts";

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
