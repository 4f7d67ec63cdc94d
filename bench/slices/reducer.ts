import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { randomFrom } from "../../src/core/random.ts";
import { accumulate } from "../../src/math/slices/accumulation.ts";
import { type DoublePart, denseGradient } from "../../src/math/slices/gradient-part.ts";
import { mergeSlices, weightedSum } from "../../src/math/slices/merge.ts";
import type { ObjectRef } from "../../src/ports/object-ref.ts";
import { reductionLedger } from "../../src/quorum/reduction.ts";
import { combine } from "../../src/tasks/combine.ts";
import { payloadOfParts, readTensorParts } from "../../src/tasks/sliced-reply.ts";
import type { WorkerContext } from "../../src/tasks/task-kind.ts";

/** An eighth of the published table, a side each. */
const [rows, columns, tokens] = [4_213, 128, 622];
const tableBytes = 4 * rows * columns;
const gatheredBytes = (rows + 2 * tokens) * (4 * columns + 4);
const counts = [8, 16, 32, 64];

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

interface Reading {
  readonly peak: number;
  readonly ms: number;
}

/** The most bytes of arrays that live at once while so many gradients are read and added up. */
async function peakOf(
  payload: Uint8Array<ArrayBuffer>,
  workers: number,
  addUp: (read: () => Uint8Array, count: number) => unknown,
): Promise<Reading> {
  collect();
  collect();
  const before = process.memoryUsage().arrayBuffers;
  let [most, reads, pausedMs] = [0, 0, 0];
  const read = () => {
    const own = payload.slice();
    // Late enough that all are seen; what one collection finds is swept by the next.
    if (++reads % 8 === 0) {
      const fromMs = performance.now();
      collect();
      collect();
      most = Math.max(most, process.memoryUsage().arrayBuffers - before);
      pausedMs += performance.now() - fromMs;
    }
    return own;
  };
  const begunMs = performance.now();
  await addUp(read, workers);
  return { peak: most, ms: performance.now() - begunMs - pausedMs };
}

/** As a function of kofn's adds up: one gradient after another. */
function oneByOne(read: () => Uint8Array, count: number) {
  const parts = Array.from({ length: count }, () => ({ ref: {} as ObjectRef, weight: 1 }));
  const place = { object: async () => read() } as unknown as WorkerContext;
  const task = { parts, tensors: [{ shape: [rows, columns] }] };
  return combine.prepare!(place, null, task as never, null as never);
}

/** As was published: everything is gathered, then added up. */
function gathered(read: () => Uint8Array, count: number) {
  const all = Array.from({ length: count }, read);
  const parts = all.map((one) => readTensorParts(one, [{ shape: [rows, columns] }])[0]!);
  return weightedSum(
    parts,
    parts.map(() => 1),
    rows * columns,
  );
}

/**
 * Peak memory and time of adding up a tied table's gradients by the number of workers: gathered as
 * published, and read one after another, dense or gathered. The control must grow by the formula,
 * kofn's by less than 1 % of the table a worker.
 */
export async function reducerMemory() {
  const random = randomFrom("reducer");
  const numbers = (length: number) => Float64Array.from({ length }, () => random.normal());
  const lookUps = (): DoublePart => {
    const ids = Uint32Array.from({ length: tokens }, () => random.integer(rows));
    return { kind: "slices", slices: { rows, columns, ids, values: numbers(tokens * columns) } };
  };
  const whole: DoublePart = { kind: "dense", values: numbers(rows * columns) };
  const contributions = [whole, lookUps(), lookUps()];
  const payloadBy = (rule: "gather" | "auto") =>
    payloadOfParts([accumulate(contributions, { rows, columns }, rule)!]);
  const [gather, dense] = [payloadBy("gather"), payloadBy("auto")];
  const few = lookUps();
  const some = payloadOfParts([
    few.kind === "slices" ? { kind: "slices", slices: mergeSlices(few.slices) } : few,
  ]);
  const how = [
    ["gathered, then added up (published)", gather, gathered],
    ["one after another, gathered", gather, oneByOne],
    ["one after another, dense", dense, oneByOne],
    ["one after another, rows alone", some, oneByOne],
  ] as const;
  const tableMb = (tableBytes / 1e6).toFixed(2);
  console.log(`\npeak of who adds up, MB, table of ${rows} x ${columns} (${tableMb} MB):`);
  console.log(
    `${"workers".padEnd(38)}${counts.map((one) => String(one).padStart(8)).join("")}` +
      "   a worker, of the table    64 added up in",
  );
  const report = [];
  for (const [name, payload, addUp] of how) {
    await peakOf(payload, counts[0]!, addUp);
    const each: Reading[] = [];
    for (const workers of counts) each.push(await peakOf(payload, workers, addUp));
    const slope = (each.at(-1)!.peak - each[1]!.peak) / (counts.at(-1)! - counts[1]!);
    console.log(
      name.padEnd(38) +
        each.map(({ peak }) => (peak / 1e6).toFixed(2).padStart(8)).join("") +
        `${((100 * slope) / tableBytes).toFixed(2)} %`.padStart(25) +
        `${each.at(-1)!.ms.toFixed()} ms`.padStart(18),
    );
    report.push({ name, slope, peaks: each.map(({ peak }) => peak), ms: each.at(-1)!.ms });
    if (addUp === gathered) {
      const off = slope / gatheredBytes - 1;
      console.log(`  grows by (V + 2T)(4D + 4) to ${(100 * off).toFixed(2)} %`);
      if (Math.abs(off) > 0.05) throw new Error(`the control grows by ${slope} bytes a worker`);
    } else if (Math.abs(slope) > 0.01 * tableBytes)
      throw new Error(`${name}: the peak grows by ${slope} bytes a worker`);
  }
  const { memoryBytes } = reductionLedger(
    { type: "star", shards: 1, fanIn: 2 },
    { workers: 64, bytes: tableBytes, readers: 0 },
  );
  const told = report[2]!.peaks[0]! / memoryBytes - 1;
  console.log(`dense, ${(100 * told).toFixed(1)} % more than the forecast of kofn plan`);
  if (Math.abs(told) > 0.1) throw new Error("the forecast is off by more than a tenth");
  const sumOf = async (payload: Uint8Array<ArrayBuffer>) =>
    denseGradient(await oneByOne(() => payload, 8), [{ shape: [rows, columns] }]);
  const [a, b] = [await sumOf(gather), await sumOf(dense)];
  const apart = a.reduce((worst, value, i) => Math.max(worst, Math.abs(value - b[i]!)), 0);
  if (apart > 1e-4) throw new Error(`the sums are ${apart} apart`);
  return { tableBytes, gatheredBytes, report };
}
