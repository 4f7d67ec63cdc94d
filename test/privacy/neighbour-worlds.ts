import { randomFrom } from "../../src/core/random.ts";
import { readExamples } from "../../src/data/parts/load-parts.ts";
import { clippedGradientParts } from "../../src/problems/clipped-gradients.ts";
import { problems } from "../../src/problems/registry.ts";
import { ingest } from "../../src/run/ingest.ts";
import { resolveSpec } from "../../src/run/resolve-spec.ts";
import { memoryStore } from "../../src/storage/memory.ts";
import { labelled } from "../../src/tasks/minibatch.ts";
import { opener } from "../data/fixtures.ts";

export const workers = 4;
export const clip = 0.5;

/** A data set as it is summed before any noise. */
export interface World {
  /** The clipped gradients' sum of each slot. */
  readonly slots: readonly Float64Array[];
  /** Of all slots. */
  readonly total: Float64Array;
}

/** So many records of two features and a class. */
export function recordLines(count: number): string[] {
  const random = randomFrom("neighbours");
  return Array.from({ length: count }, () => {
    const [a, b] = [random.normal(), random.normal()];
    return [a.toFixed(3), b.toFixed(3), Number(a + b + random.normal() > 0)].join(",");
  });
}

export const budget = { epsilon: 0.5, delta: 1e-5, unit: "record", clip } as const;

/** By place under the one, by the record itself under the other. */
export type Adjacency = "replace-one" | "add-remove";

export async function world(
  rows: readonly string[],
  test: number,
  adjacency: Adjacency,
): Promise<World> {
  const spec = resolveSpec({
    problem: "logistic",
    data: { source: "rows.csv", target: "y", classes: [0, 1], standardize: false, test },
    workers,
    wait: "all",
    strategy: "dp-sgd",
    privacy: { ...budget, adjacency, divisor: rows.length },
    seed: 5,
  });
  const store = memoryStore();
  const files = { "rows.csv": `a,b,y\n${rows.join("\n")}\n` };
  const { prepared, encoded } = await ingest(spec, { open: opener(files), store });
  const problem = problems.create({ type: "logistic" });
  const weights = Float64Array.of(0.4, -0.3, 0.2);
  const slots = await Promise.all(
    encoded.slots.map(async ({ parts }) => {
      const examples = labelled(await readExamples(store, parts, prepared.columns));
      return clippedGradientParts(problem, examples, weights, clip).clipped;
    }),
  );
  const total = weights.map((_, j) => slots.reduce((sum, slot) => sum + slot[j]!, 0));
  return { slots, total };
}
