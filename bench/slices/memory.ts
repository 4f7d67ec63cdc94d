import { randomFrom } from "../../src/core/random.ts";
import type { Examples } from "../../src/math/rows.ts";
import { denseGradient } from "../../src/math/slices/gradient-part.ts";
import type { Stepper } from "../../src/optimizers/optimizer.ts";
import { optimizers } from "../../src/optimizers/registry.ts";
import { slicedReply } from "../../src/tasks/sliced-reply.ts";
import { networkOf } from "../../test/problems/networks.ts";
import { doubleParts } from "./double-parts.ts";

/** Bytes of gradient, message and lazy state by rows touched, beside table and exact moments. */
export async function bytesInMemory() {
  const problem = await networkOf(`${import.meta.dirname}/table.ts`, { loss: "meanSquaredError" });
  const tensors = problem.parameters!;
  const weights = problem.initial!(randomFrom(1));
  const adam = { type: "adam", learningRate: 0.01 };
  const [lazy, exact] = [true, false].map(
    (isLazy) => optimizers.create({ ...adam, lazy: isLazy } as never) as Stepper,
  );
  const told = (batch: number) => {
    const random = randomFrom(`ids/${batch}`);
    const values = Float32Array.from({ length: 8 * batch }, () => random.integer(30_000));
    const targets = new Float32Array(batch).fill(1);
    const examples: Examples = {
      rows: { kind: "dense", rows: batch, columns: 8, values },
      targets,
    };
    const sliced = problem.slicedGradient!(examples, weights, "auto")!;
    const { payload } = slicedReply(sliced, tensors, "auto");
    const { parts } = sliced;
    const standing = { weights, parts: doubleParts(parts), stepSize: 0.01, tensors };
    const { memory } = lazy!.moveParts!(lazy!.start(), standing)!;
    const rows = sliced.tables[0]!.rows;
    return {
      rows,
      gradient: arrayBytes(parts),
      message: payload!.length,
      state: arrayBytes(memory),
      parts,
    };
  };
  const shrink = (point: Float64Array<ArrayBuffer>) => point;
  const [few, many] = [told(32), told(256)];
  const gradient = denseGradient(many.parts, tensors);
  const all = { weights, asked: weights, gradient, stepSize: 0.01, tensors, shrink };
  const moments = arrayBytes(exact!.move(exact!.start(), all).memory);
  const table = { table: weights.byteLength, moments, gradient: gradient.byteLength };
  console.log("\nbytes of an embedding of 30,000 x 128 by the rows that a batch touches");
  console.log("rows          gradient      message   lazy state");
  for (const { rows, ...bytes } of [few, many])
    console.log(
      rows.toLocaleString("en-US").padEnd(10) +
        [bytes.gradient, bytes.message, bytes.state].map(spaced).join(""),
    );
  console.log(
    `all       ${[table.gradient, table.table, table.moments].map(spaced).join("")}` +
      "   (dense gradient, table, exact moments)",
  );
  for (const kind of ["gradient", "message", "state"] as const) {
    const growth = many[kind] / few[kind] / (many.rows / few.rows);
    if (Math.abs(growth - 1) > 0.05) throw new Error(`${kind} grows ${growth} times as its rows`);
  }
  return { few: { ...few, parts: undefined }, many: { ...many, parts: undefined }, ...table };
}

function spaced(bytes: number): string {
  return bytes.toLocaleString("en-US").padStart(13);
}

/** Of all arrays of numbers that a value holds. */
function arrayBytes(value: unknown): number {
  if (ArrayBuffer.isView(value)) return value.byteLength;
  if (typeof value !== "object" || value === null) return 0;
  return Object.values(value).reduce((sum: number, one) => sum + arrayBytes(one), 0);
}
