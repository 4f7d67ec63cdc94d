import { availableParallelism } from "node:os";
import { randomFrom } from "../../src/core/random.ts";
import { allocateDenseRows } from "../../src/math/kernels/allocation.ts";
import { packedWasmMatrix } from "../../src/math/kernels/packed-wasm-matrix.ts";
import { lossAndGradientFused } from "../../src/math/kernels/passes.ts";
import { useThreads } from "../../src/math/kernels/threads.ts";
import { pack } from "../../src/math/packing.ts";
import { addTransposed, multiply } from "../../src/math/products.ts";
import type { DenseRows } from "../../src/math/rows.ts";
import { lanesBound } from "./bound.ts";
import type { NumPy } from "./numpy.ts";
import { type Contestant, race, type Taken, threadMs } from "./race.ts";
import { tensorflowGradient } from "./tensorflow.ts";

/**
 * Fused gradients over rows as they may be stored, against products by others and against what
 * lanes of 128 bits can do at best. Processor time of one thread each.
 */
export async function raceGradients(
  rows: number,
  columns: number,
  numpy: NumPy | null,
  repetitions: number,
): Promise<Record<string, Taken>> {
  const random = randomFrom("bench");
  const block = Float32Array.from({ length: 1 << 20 }, () => random.normal());
  const x = allocateDenseRows(rows, columns);
  for (let at = 0; at < x.values.length; at += block.length)
    x.values.set(block.subarray(0, Math.min(block.length, x.values.length - at)), at);
  const weights = block.slice(0, columns);
  const targets = Float32Array.from({ length: rows }, (_, i) => i & 1);
  const fused = (loss: "leastSquares" | "logistic", stored: DenseRows) => () => {
    const gradient = new Float64Array(columns);
    lossAndGradientFused(loss, { rows: stored, targets }, weights, gradient);
    return gradient;
  };
  const packed = (["bfloat16", "int8"] as const).map((storage) => {
    const home = packedWasmMatrix(storage, rows, columns)!;
    const rowsAtOnce = Math.max(1, Math.floor(block.length / columns));
    for (let row = 0; row < rows; row += rowsAtOnce) {
      const part = x.values.subarray(row * columns, Math.min(rows, row + rowsAtOnce) * columns);
      home.put(row, pack(storage, part, columns));
    }
    return { name: `kofn ${storage}`, run: fused("leastSquares", home.rows) };
  });
  const tensorflow = await tensorflowGradient(Float32Array.from(x.values), rows, columns);
  const plain = { ...x, values: x.values.slice(0, 4096 * columns), rows: 4096 };
  reportError(plain, targets, weights);
  const processors = availableParallelism();
  const shared = async () => {
    useThreads(processors);
    const begunMs = performance.now();
    fused("leastSquares", x)();
    const ms = performance.now() - begunMs;
    useThreads(1);
    return ms;
  };
  const bound = await lanesBound(columns);
  useThreads(1);
  const contestants: Contestant[] = [
    { name: "kofn float32", run: fused("leastSquares", x) },
    ...packed,
    { name: "kofn logistic, float32", run: fused("logistic", x) },
    { name: `kofn float32, ${processors} threads (wall)`, ask: shared },
    { name: boundNames.floats, run: bound.pass("floats", rows) },
    { name: boundNames.bytes, run: bound.pass("bytes", rows) },
    { name: `TensorFlow.js ${tensorflow.version} wasm`, run: tensorflow.run, times: 0.2 },
  ];
  if (numpy !== null) {
    contestants.push({
      name: `NumPy ${numpy.version}`,
      ask: () => numpy.time("gradient", "processor"),
    });
    contestants.push({ name: "NumPy, logistic", ask: () => numpy.time("logistic", "processor") });
    contestants.push({ name: "NumPy, reading alone", ask: () => numpy.time("read", "processor") });
  }
  return race(contestants, repetitions, threadMs);
}

/** What is raced beside the kernels: see `bound.ts`. */
export const boundNames = { floats: "bound of lanes, float32", bytes: "bound of lanes, int8" };

/** How far the kernels are from double precision, on some of the rows. */
function reportError(plain: DenseRows, targets: Float32Array, weights: Float32Array): void {
  const resident = allocateDenseRows(plain.rows, plain.columns);
  resident.values.set(plain.values);
  const found = new Float64Array(plain.columns);
  const some = targets.subarray(0, plain.rows);
  lossAndGradientFused("leastSquares", { rows: resident, targets: some }, weights, found);
  const ordinary = { ...plain, values: Float32Array.from(plain.values) };
  const residuals = multiply(ordinary, weights, new Float64Array(plain.rows));
  for (let i = 0; i < residuals.length; i++) residuals[i]! -= some[i]!;
  const known = addTransposed(ordinary, residuals, new Float64Array(plain.columns));
  const off = Math.hypot(...found.map((value, j) => value - known[j]!)) / Math.hypot(...known);
  console.log(
    `float32 kernel against double precision, ${plain.rows} rows: ${off.toExponential(1)}`,
  );
}
