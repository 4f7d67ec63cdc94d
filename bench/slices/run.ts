import { bytesBySharing } from "./bytes.ts";
import { embeddingStep } from "./embedding-step.ts";
import { mergeSpeed } from "./merge.ts";
import { publishedBytes } from "./published.ts";

/**
 * Gradients of tables by their rows: how fast slices are merged beside how fast memory is read; an
 * embedding's step dense and by rows; bytes that `auto` sends beside both others, from 0.1 % to all
 * rows; and the published 11.4 GB and 139 MB, by the formula and by a run on a smaller scale.
 */
const report = {
  bench: "slices",
  merge: mergeSpeed(),
  step: await embeddingStep(),
  bytes: bytesBySharing(),
  published: publishedBytes(),
};
console.log(JSON.stringify(report));
