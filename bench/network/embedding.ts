import * as core from "@tensorflow/tfjs-core";
import { messageOf } from "../../src/core/errors.ts";
import { completeWasm } from "../../src/tfjs/kernels/complete-wasm.ts";

const rows = 4_000;
const width = 64;
const lookups = 512;

/** A look-up in a table of embeddings and its gradient: with the completed backend, and stock. */
export async function embeddingSteps(): Promise<{ ms: number; stock: string }> {
  await core.setBackend("wasm");
  const table = core.randomNormal([rows, width]);
  const ids = core.tensor1d(
    Int32Array.from({ length: lookups }, (_, i) => (i * 37) % rows),
    "int32",
  );
  const loss = (x: core.Tensor) => core.sum(core.square(core.gather(x, ids)));
  const step = () =>
    core.tidy(() =>
      core
        .grad(loss as never)(table)
        .dataSync(),
    );
  completeWasm();
  step();
  const begunMs = performance.now();
  const times = 20;
  for (let i = 0; i < times; i++) step();
  const ms = (performance.now() - begunMs) / times;
  core.unregisterKernel("UnsortedSegmentSum", "wasm");
  try {
    step();
    return { ms, stock: "works" };
  } catch (thrown) {
    return { ms, stock: messageOf(thrown).split("\n", 1)[0]! };
  } finally {
    completeWasm();
  }
}
