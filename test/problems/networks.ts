import { join } from "node:path";
import { type Random, randomFrom } from "../../src/core/random.ts";
import type { Examples } from "../../src/math/rows.ts";
import type { Problem } from "../../src/problems/problem.ts";
import { problems } from "../../src/problems/registry.ts";

export const fixtures = join(import.meta.dirname, "../fixtures/networks");

/** A network of a spec, read and ready, as a run would have it. */
export async function networkOf(
  model: string,
  options: Readonly<Record<string, unknown>> = {},
): Promise<Problem> {
  const store = new Map<string, Uint8Array>();
  const given = problems.create({ type: "network", model, backend: "wasm", ...options } as never);
  const staged = await given.publishAssets!(async (key, bytes) => store.set(key, bytes), 1);
  const problem = problems.create({ type: "network", ...staged });
  await problem.load!(async (key) => store.get(key) ?? null);
  return problem;
}

export function examplesOf(
  rows: number,
  columns: number,
  target: (random: Random) => number,
): Examples {
  const random = randomFrom(`${rows}/${columns}`);
  const values = Float32Array.from({ length: rows * columns }, () => random.normal());
  const targets = Float32Array.from({ length: rows }, () => target(random));
  return { rows: { kind: "dense", rows, columns, values }, targets };
}

export function gradientOf(
  problem: Problem,
  examples: Examples,
  weights: Float32Array,
  random?: Random,
): { loss: number; gradient: Float64Array } {
  const gradient = new Float64Array(weights.length);
  const loss = problem.lossAndGradient(examples, weights, gradient, random);
  return { loss, gradient };
}
