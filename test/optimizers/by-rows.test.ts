import { describe, expect, test } from "vitest";
import { randomFrom } from "../../src/core/random.ts";
import { type DoublePart, denseGradient } from "../../src/math/slices/gradient-part.ts";
import { mergeSlices } from "../../src/math/slices/merge.ts";
import { writePresent } from "../../src/math/slices/present.ts";
import type { Memory, Optimizer, Stepper } from "../../src/optimizers/optimizer.ts";
import { optimizers } from "../../src/optimizers/registry.ts";

const tensors = [
  { name: "table", shape: [20, 3] },
  { name: "kernel", shape: [2, 2] },
  { name: "bias", shape: [2] },
];
const length = 66;
const random = randomFrom("by rows");
const start = Float32Array.from({ length }, () => random.normal());

/** What rows were looked up in each step; the third time none. */
const lookUps = [[4, 4, 9], [9, 0, 19, 0], [], [4], [9, 4, 4, 4]];
const gradients = lookUps.map((ids): readonly DoublePart[] => {
  const values = Float64Array.from({ length: ids.length * 3 }, () => random.normal());
  const slices = mergeSlices({ rows: 20, columns: 3, ids: Uint32Array.from(ids), values });
  const kernel = Float64Array.from({ length: 4 }, () => random.normal());
  const bias = Float64Array.of(random.normal(), 0);
  return [
    { kind: "slices", slices },
    { kind: "dense", values: kernel },
    { kind: "dense", values: bias },
  ];
});

const isStepper = (one: Optimizer): one is Stepper => !one.searches;

function steppers(more: object = {}): [string, Stepper][] {
  return optimizers.members.flatMap((member) =>
    member.examples.flatMap((example): [string, Stepper][] => {
      const one = optimizers.create({ type: member.name, ...example, ...more } as never);
      return isStepper(one) ? [[`${member.name} ${JSON.stringify(example)}`, one]] : [];
    }),
  );
}

interface Walk {
  readonly weights: Float32Array<ArrayBuffer>;
  readonly memory: Memory;
}

function byParts(
  one: Stepper,
  { weights, memory }: Walk,
  parts: readonly DoublePart[],
  at: number,
) {
  const stepSize = one.stepSize({ smoothness: 2, share: 1, round: at });
  const moved = one.moveParts?.(memory, { weights, parts, stepSize, tensors }) ?? null;
  if (moved === null) return null;
  const next = weights.slice();
  writePresent(next, moved.parts, tensors);
  return { weights: next, memory: moved.memory };
}

function dense(one: Stepper, { weights, memory }: Walk, parts: readonly DoublePart[], at: number) {
  const stepSize = one.stepSize({ smoothness: 2, share: 1, round: at });
  const gradient = denseGradient(parts, tensors);
  const shrink = (point: Float64Array<ArrayBuffer>) => point;
  const here = { weights, asked: weights, gradient, stepSize, tensors, shrink };
  const moved = one.move(memory, here);
  return { weights: Float32Array.from(moved.weights), memory: moved.memory };
}

const begin = (one: Stepper): Walk => ({ weights: start, memory: one.start() });

test.each(steppers())("%s: a step by rows, where it has one, is the dense one", (name, one) => {
  let rows = begin(one);
  let all = begin(one);
  for (const [at, parts] of gradients.entries()) {
    const next = byParts(one, rows, parts, at);
    all = dense(one, all, parts, at);
    if (next === null) return expect(one.movesAll ?? "whole").toMatch(/decay|momentum|whole/);
    rows = next;
    expect(rows.weights).toEqual(all.weights);
    // Either way can go on where the other one stopped.
    expect(dense(one, rows, parts, at).weights).toEqual(dense(one, all, parts, at).weights);
  }
  expect(name).toMatch(/^(sgd|gradient-descent)/);
});

describe("lazy", () => {
  const rowwise = ["adam", "adamw", "nadamw", "amsgrad", "avgrad", "yogi", "lion", "sgd"];
  const lazies = rowwise.flatMap((type): [string, Stepper, Stepper][] => {
    const options = type === "sgd" ? { momentum: 0.9 } : {};
    const make = (lazy: boolean) =>
      optimizers.create({ type, learningRate: 0.1, ...options, lazy } as never) as Stepper;
    return [[type, make(true), make(false)]];
  });

  test.each(lazies)(
    "%s: rows that are always there go as they do densely",
    (_type, lazy, usual) => {
      let a = begin(lazy);
      let b = begin(usual);
      for (const at of [0, 1, 2, 3]) {
        a = byParts(lazy, a, gradients[0]!, at)!;
        b = dense(usual, b, gradients[0]!, at);
        for (const row of [4, 9])
          expect(a.weights.subarray(3 * row, 3 * row + 3)).toEqual(
            b.weights.subarray(3 * row, 3 * row + 3),
          );
        expect(a.weights.subarray(60)).toEqual(b.weights.subarray(60));
      }
    },
  );

  test.each(lazies)(
    "%s: absent rows stay, their moments too; exact ones move",
    (_t, lazy, usual) => {
      let a = begin(lazy);
      let b = begin(usual);
      for (const [at, parts] of gradients.slice(0, 2).entries()) {
        a = byParts(lazy, a, parts, at)!;
        b = dense(usual, b, parts, at);
      }
      const [before, exact] = [a, b];
      a = byParts(lazy, a, gradients[2]!, 2)!;
      b = dense(usual, b, gradients[2]!, 2);
      expect(a.weights.subarray(0, 60)).toEqual(before.weights.subarray(0, 60));
      expect(b.weights.subarray(27, 30)).not.toEqual(exact.weights.subarray(27, 30));
      // A row that was absent goes on from its moments as they were.
      const next = byParts(lazy, a, gradients[3]!, 3)!;
      expect(next.weights.subarray(12, 15)).not.toEqual(a.weights.subarray(12, 15));
      expect(next.weights.subarray(15, 60)).toEqual(a.weights.subarray(15, 60));
    },
  );

  test.each(lazies)("%s: it remembers the rows that it saw and no others", (_type, lazy) => {
    let walk = begin(lazy);
    for (const [at, parts] of gradients.entries()) walk = byParts(lazy, walk, parts, at)!;
    const { slots } = walk.memory as { slots: Record<string, Float64Array> };
    // Rows 0, 4, 9 and 19 of three, and the six numbers that are no rows.
    for (const slot of Object.values(slots)) expect(slot.length).toBe(4 * 3 + 6);
    expect(Object.keys(slots).length).toBeGreaterThan(0);
  });
});

test("a token that stands three times moves its row as the sum does, .9 and not .8268", () => {
  // One step of sgd by .1 / 3 from a row that was looked up three times, each slope 1.
  const one = optimizers.create({ type: "sgd", learningRate: 0.1 / 3 } as never) as Stepper;
  const table = [{ name: "table", shape: [4, 1] }];
  const ids = Uint32Array.of(2, 2, 2);
  const values = new Float64Array(3).fill(1);
  const slices = mergeSlices({ rows: 4, columns: 1, ids, values });
  const here = { weights: new Float32Array(4).fill(1), stepSize: 0.1 / 3, tensors: table };
  const parts = [{ kind: "slices", slices } as const];
  const moved = one.moveParts!(one.start(), { ...here, parts })!;
  const [part] = moved.parts;
  expect(part?.kind === "slices" && part.slices.values[0]).toBeCloseTo(0.9, 12);
});
