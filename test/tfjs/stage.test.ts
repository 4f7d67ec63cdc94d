import { beforeAll, describe, expect, it } from "vitest";
import { randomFrom } from "../../src/core/random.ts";
import type { GradientPart } from "../../src/model-parallel/gradient-sum.ts";
import { sharedModules } from "../../src/model-parallel/layer-graph.ts";
import { openTensorBackend } from "../../src/tfjs/backend.ts";
import { campaign } from "../campaign.ts";
import { zooModel } from "../model-parallel/zoo.ts";
import {
  type Batch,
  batchFor,
  cutRows,
  drawnPartition,
  drawnPlacement,
  meanGradient,
  openPipeline,
  type Pipeline,
  runStep,
  wholeGradient,
} from "./pipeline.ts";
import { shapesOfZoo } from "./shapes.ts";

beforeAll(() => openTensorBackend("wasm"));

type Gradient = ReadonlyMap<string, ArrayLike<number>>;

const norm = (list: ArrayLike<number>) => Math.hypot(...Array.from(list));

/** The largest difference of any tensor, in units of the tensor's largest slope; norms too. */
function distance(own: Gradient, whole: Gradient): number {
  let worst = 0;
  expect([...own.keys()].sort()).toEqual(expect.arrayContaining([...whole.keys()].sort()));
  for (const [key, slopes] of whole) {
    const other = own.get(key)!;
    const scale = Math.max(...Array.from(slopes, Math.abs), 1e-6);
    for (let i = 0; i < slopes.length; i++)
      worst = Math.max(worst, Math.abs(slopes[i]! - other[i]!) / scale);
    worst = Math.max(worst, Math.abs(norm(slopes) - norm(other)) / Math.max(norm(slopes), 1e-6));
  }
  return worst;
}

interface Run {
  readonly parts: readonly GradientPart[];
  readonly microbatches: number;
  readonly batch: Batch;
}

/** What goes wrong elsewhere, each as a change of what is summed. */
const controls: Readonly<Record<string, (run: Run) => GradientPart[] | null>> = {
  "the last microbatch only": ({ parts, microbatches }) =>
    microbatches === 1
      ? null
      : parts.map((part) =>
          part.microbatch === microbatches - 1 ? part : { ...part, slopes: scaled(part, 0) },
        ),
  "a mean of unequal means": ({ parts, microbatches, batch }) => {
    const sizes = cutRows(batch.rows, microbatches).map(([from, to]) => to - from);
    if (sizes.every((size) => size === sizes[0])) return null;
    const mean = (mb: number) => batch.rows / microbatches / sizes[mb]!;
    return parts.map((part) => ({ ...part, slopes: scaled(part, mean(part.microbatch)) }));
  },
  "a sum for the mean over microbatches": ({ parts, microbatches }) =>
    microbatches === 1
      ? null
      : parts.map((part) => ({ ...part, slopes: scaled(part, microbatches) })),
  "a shared weight's last use only": ({ parts }) => ofShared(parts, (use, last) => +(use === last)),
  "a shared weight twice": ({ parts }) => ofShared(parts, () => 2),
  "a shared weight's mean": ({ parts }) => ofShared(parts, (_, __, uses) => 1 / uses),
};

function scaled({ slopes }: GradientPart, by: number): Float32Array {
  return slopes.map((slope) => slope * by);
}

function ofShared(
  parts: readonly GradientPart[],
  by: (use: number, last: number, uses: number) => number,
): GradientPart[] | null {
  const uses = new Map<string, Set<number>>();
  for (const { weight, use } of parts) uses.set(weight, (uses.get(weight) ?? new Set()).add(use));
  if (![...uses.values()].some(({ size }) => size > 1)) return null;
  return parts.map((part) => {
    const own = uses.get(part.weight)!;
    if (own.size === 1) return part;
    return { ...part, slopes: scaled(part, by(part.use, Math.max(...own), own.size)) };
  });
}

const ways = [
  [1, "simple", false],
  [1, "simple", true],
  [2, "1f1b", false],
  [3, "interleaved", true],
  [4, "simple", false],
  [4, "1f1b", true],
  [4, "interleaved", false, "by hand"],
] as const;

function skipsStages({ programs }: Pipeline): boolean {
  return programs.some(({ stage, imports }) =>
    imports.some(({ fromStage }) => fromStage !== null && fromStage < stage - 1),
  );
}

function sharesAcross({ graph, programs }: Pipeline): boolean {
  const users = (module: string) =>
    programs.filter(({ steps }) => steps.some((s) => s.kind === "use" && s.module === module));
  return [...sharedModules(graph).keys()].some((name) => users(name).length > 1);
}

/** One microbatch, fewer than stages, as many, and more, of eleven rows: some every time. */
function microbatchCounts(seed: number, stages: number): readonly number[] {
  const all = [1, Math.max(1, stages - 1), stages, 5, 8];
  return campaign(seed % 9 === 0, true) ? [...new Set(all)] : [all[seed % 5]!];
}

const models = campaign(54, 100);

describe("gradients over stages", () => {
  it(`are one process's, for ${models} random models, and no faulty sum is`, async () => {
    const counts = { sharedAcross: 0, longSkips: 0, worst: 0 };
    const broken = new Map<string, { tried: number; caught: number }>();
    const note = (name: string, gradient: Gradient, whole: Gradient) => {
      const { tried, caught } = broken.get(name) ?? { tried: 0, caught: 0 };
      const isCaught = +(distance(gradient, whole) > 1e-2);
      broken.set(name, { tried: tried + 1, caught: caught + isCaught });
    };
    for (let seed = 1; seed <= models; seed++) {
      const { model, graph: plain } = zooModel(seed);
      const graph = shapesOfZoo(plain);
      const batch = batchFor(model, 11, randomFrom(`batch/${seed}`));
      const whole = wholeGradient(graph, model, batch);
      const stages = 2 + (seed % 3);
      const cut = drawnPartition(graph, stages, randomFrom(`cut/${seed}`));
      const pipeline = await openPipeline(graph, model, cut);
      counts.longSkips += +skipsStages(pipeline);
      counts.sharedAcross += +sharesAcross(pipeline);
      for (const microbatches of microbatchCounts(seed, stages)) {
        const { parts } = runStep(pipeline, batch, { microbatches });
        const own = meanGradient(parts, microbatches, batch.rows);
        counts.worst = Math.max(counts.worst, distance(own, whole));
        for (const [name, change] of Object.entries(controls)) {
          const changed = change({ parts, microbatches, batch });
          if (changed !== null) note(name, meanGradient(changed, microbatches, batch.rows), whole);
        }
      }
      const sent = pipeline.programs.flatMap(({ imports }) =>
        imports.flatMap(({ key, fromStage }) => (fromStage === null ? [] : [key])),
      );
      const lose = (key: string) => key === sent[seed % sent.length];
      const { parts } = runStep(pipeline, batch, { microbatches: 2, lose });
      note("slopes of one reader lost", meanGradient(parts, 2, 11), whole);
      pipeline.close();
      model.dispose();
    }
    if (campaign(false, true)) console.log(`${models} models: ${counts.worst} at most`);
    expect(counts.worst).toBeLessThan(1e-5);
    expect(counts.sharedAcross).toBeGreaterThanOrEqual(10);
    expect(counts.longSkips).toBeGreaterThanOrEqual(10);
    expect(broken.size).toBe(7);
    for (const [name, { tried, caught }] of broken) expect([name, caught]).toEqual([name, tried]);
  });

  it("are the same bits for any stages and schedule, with dropout and normalisation", async () => {
    for (let seed = 101; seed <= 106; seed++) {
      const { model, graph: plain } = zooModel(seed, ["dropout", "norm"]);
      const graph = shapesOfZoo(plain);
      const batch = batchFor(model, 11, randomFrom(`batch/${seed}`));
      const told: unknown[] = [];
      const seen: unknown[] = [];
      for (const [p, schedule, stash, hand] of ways) {
        const cut = (hand ? drawnPlacement : drawnPartition)(graph, p, randomFrom(`cut/${seed}`));
        const pipeline = await openPipeline(graph, model, cut);
        const before = pipeline.stages.map((stage) => stage.read());
        const options = { microbatches: 3, schedule, stash, step: 7 };
        const { parts, observed, outputs } = runStep(pipeline, batch, options);
        const gradient = [...meanGradient(parts, 3, batch.rows)];
        told.push([gradient.sort(([a], [b]) => (a < b ? -1 : 1)), [...outputs].sort()]);
        const named = observed.map((one) => [`${one.node}/${one.weight}/${one.microbatch}`, one]);
        seen.push(Object.fromEntries(named));
        // A pass may be done again: it leaves no trace.
        expect(pipeline.stages.map((stage) => stage.read())).toEqual(before);
        pipeline.close();
      }
      for (const one of told) expect(one).toEqual(told[0]);
      for (const one of seen) expect(one).toEqual(seen[0]);
      expect(Object.keys(seen[0] as object).length).toBeGreaterThanOrEqual(6);
      model.dispose();
    }
  });
});
