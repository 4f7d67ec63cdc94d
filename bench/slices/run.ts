import { parseArgs } from "node:util";
import { handOver } from "../hand-over.ts";
import { bytesBySharing } from "./bytes.ts";
import { embeddingStep } from "./embedding-step.ts";
import { bytesInMemory } from "./memory.ts";
import { mergeSpeed } from "./merge.ts";
import { partSpeed } from "./parts.ts";
import { publishedBytes } from "./published.ts";
import { recommenderBytes } from "./recommender.ts";
import { reducerMemory } from "./reducer.ts";
import { publishedScaling } from "./scaling.ts";
import { stockTraining } from "./train-on-batch.ts";

/**
 * Gradients of tables by their rows: how fast slices, and parts of workers, are merged beside how
 * fast memory is read; an embedding's step dense and by rows; training by stock layers; bytes of
 * what is held; bytes that `auto` sends beside both others, from 0.1 % to all rows; the published
 * 11.4 GB and 139 MB, by the formula and by a run on a smaller scale; the example's recommender in
 * both directions; peak memory of who adds up by the number of workers; and the published scaling
 * on the virtual clock. `--only NAME` for one of them.
 */
const { values } = parseArgs({
  options: {
    only: { type: "string" },
    /** An older checkout of kofn, whose step is timed beside. */
    before: { type: "string" },
    /** A Python that has torch, likewise. */
    python: { type: "string" },
  },
});
const parts = {
  merge: mergeSpeed,
  parts: partSpeed,
  step: () => embeddingStep({ before: values.before, python: values.python }),
  stock: stockTraining,
  memory: bytesInMemory,
  bytes: bytesBySharing,
  published: publishedBytes,
  recommender: recommenderBytes,
  reducer: reducerMemory,
  scaling: publishedScaling,
};
const report: { bench: string; [part: string]: unknown } = { bench: "slices" };
for (const [name, part] of Object.entries(parts))
  if (values.only === undefined || values.only === name) report[name] = await part();
handOver(report);
