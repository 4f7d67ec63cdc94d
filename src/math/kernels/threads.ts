import type { Worker } from "node:worker_threads";
import { awsLambda } from "../../limits.ts";
import { compiled, threadsMax } from "./instance.ts";
import type { WasmMatrix } from "./wasm-matrix.ts";

/** A stripe is a matter of milliseconds: a thread that is silent for so long is dead. */
const patienceMs = 60_000;

/** Places in what threads share about one pass. */
const [nextStripe, stripesDone, stripesByOthers] = [0, 1, 2];

let chosen: number | undefined;
let helpers: Worker[] = [];

/** How many threads passes use from now on; by default one a processor. For tests and benches. */
export function useThreads(count: number | undefined): void {
  chosen = count;
}

/**
 * Works on a task's stripes, on several threads where there are several processors, and returns
 * how many stripes others did. Each stripe has sums of its own, so who did it does not show.
 */
export function workOnStripes(home: WasmMatrix, stripes: number): number {
  const { kernels, places, memory, lanesBytes, scratchBytes } = home;
  const threads = Math.min(stripes, threadsMax, chosen ?? processors());
  if (threads <= 1) {
    for (let index = 0; index < stripes; index++)
      kernels.stripe(places.task, index, places.lanes, places.scratch);
    return 0;
  }
  const state = new Int32Array(new SharedArrayBuffer(12));
  const [module, task] = [compiled(), places.task];
  for (const [i, helper] of helpersFor(threads - 1).entries()) {
    const lanes = places.lanes + (i + 1) * lanesBytes;
    const scratch = places.scratch + (i + 1) * scratchBytes;
    helper.postMessage({ module, memory: home.wasmMemory, state, stripes, task, lanes, scratch });
  }
  for (let index = take(state); index < stripes; index = take(state)) {
    kernels.stripe(task, index, places.lanes, places.scratch);
    Atomics.add(state, stripesDone, 1);
  }
  for (let done = doneOf(state); done < stripes; done = doneOf(state)) {
    if (Atomics.wait(state, stripesDone, done, patienceMs) === "timed-out")
      throw new Error(`a thread did not finish a stripe of ${memory.byteLength} bytes of rows`);
  }
  return Atomics.load(state, stripesByOthers);
}

function doneOf(state: Int32Array<SharedArrayBuffer>): number {
  return Atomics.load(state, stripesDone);
}

function take(state: Int32Array<SharedArrayBuffer>): number {
  return Atomics.add(state, nextStripe, 1);
}

/** Of a thread that is one of many already, or of a small function, there is one. */
function processors(): number {
  const { isMainThread } = process.getBuiltinModule("node:worker_threads");
  const megabytes = process.env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE;
  if (!isMainThread) return 1;
  if (megabytes !== undefined) return Math.floor(Number(megabytes) / awsLambda.memoryMbPerCpu);
  return process.getBuiltinModule("node:os").availableParallelism();
}

function helpersFor(count: number): readonly Worker[] {
  const { Worker: Thread } = process.getBuiltinModule("node:worker_threads");
  while (helpers.length < count) {
    const helper = new Thread(helperSource, { eval: true, execArgv: [] });
    // It ends with the process. One that fails is replaced; its stripes were waited for.
    helper.unref();
    helper.on("error", () => {
      helpers = helpers.filter((other) => other !== helper);
    });
    helpers.push(helper);
  }
  return helpers.slice(0, count);
}

/** What a helper does, as text so that it is part of every bundle. */
const helperSource = `
const { parentPort } = require("node:worker_threads");
parentPort.on("message", ({ module, memory, state, stripes, task, lanes, scratch }) => {
  const { exports } = new WebAssembly.Instance(module, { env: { memory } });
  for (let i = Atomics.add(state, 0, 1); i < stripes; i = Atomics.add(state, 0, 1)) {
    exports.stripe(task, i, lanes, scratch);
    Atomics.add(state, 2, 1);
    Atomics.add(state, 1, 1);
    Atomics.notify(state, 1);
  }
});
`;
