import type { Examples } from "../../src/math/rows.ts";
import type { Problem } from "../../src/problems/problem.ts";
import { problems } from "../../src/problems/registry.ts";

/** Tokens of the small vocabulary, the four special ones among them. */
export const smallTokens = 11;

export const small = { width: 8, heads: 2, layers: 1, hidden: 12, dropout: 0 };

/** A translation problem built and ready, as a run would have it. */
export async function translationOf(
  options: Readonly<Record<string, unknown>> = small,
  tokens = smallTokens,
): Promise<Problem> {
  const store = new Map<string, Uint8Array>();
  const given = problems.create({ type: "translation", backend: "wasm", ...options } as never);
  const write = async (key: string, bytes: Uint8Array) => store.set(key, bytes);
  const staged = await given.publishAssets!(write, 1, tokens);
  const problem = problems.create({ type: "translation", ...staged });
  await problem.load!(async (key) => store.get(key) ?? null);
  return problem;
}

/** Tokens of both sides without ends. */
export type Pair = readonly [source: readonly number[], target: readonly number[]];

const length = 8;

/** Rows of pairs as prepared data have them: a row counts its target's tokens. */
export function examplesOfPairs(pairs: readonly Pair[]): Examples {
  const columns = 2 * length;
  const values = new Float32Array(pairs.length * columns);
  for (const [row, [source, target]] of pairs.entries()) {
    if (source.length > 0) values.set([...source, 2], row * columns);
    if (target.length > 0) values.set([...target, 2], row * columns + length);
  }
  const targets = Float32Array.from(pairs, ([, target]) => (target.length + 1) / 4);
  return { rows: { kind: "dense", rows: pairs.length, columns, values }, targets };
}

export function sumsOf(problem: Problem, examples: Examples, weights: Float32Array) {
  const gradient = new Float64Array(weights.length);
  const loss = problem.lossAndGradient(examples, weights, gradient);
  return { loss, gradient };
}
