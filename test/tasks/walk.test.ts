import { expect, test } from "vitest";
import { randomFrom } from "../../src/core/random.ts";
import type { Examples } from "../../src/math/rows.ts";
import { addPenaltyGradient } from "../../src/problems/penalty.ts";
import { problems } from "../../src/problems/registry.ts";
import { walk } from "../../src/tasks/walk.ts";

const columns = 7;
const random = randomFrom("walk");
const batches = Array.from({ length: 5 }, (_, h): Examples => {
  const rows = 3 + h;
  const values = Float32Array.from({ length: rows * columns }, () => random.normal());
  const targets = Float32Array.from({ length: rows }, () => random.normal());
  return { rows: { kind: "dense", rows, columns, values }, targets };
});
const rates = Float64Array.from([0.1, 0.05, 0.2, 0.01, 0.3]);
const shape = { columns, intercept: true };
const start = Float64Array.from({ length: columns }, () => random.normal());

/** Step by step as it is defined, each in vectors of its own. */
function byHand(l2: number, momentum: number) {
  const problem = problems.create({ type: "ridge", l2 } as never);
  const here = start.slice();
  const velocity = new Float64Array(columns);
  let loss = 0;
  for (const [h, batch] of batches.entries()) {
    const count = batch.targets.length;
    const gradient = new Float64Array(columns);
    const at = Float32Array.from(here);
    loss += problem.lossAndGradient(batch, at, gradient) / count / rates.length;
    const mean = gradient.map((slope) => slope / count);
    if (l2 > 0) addPenaltyGradient(l2, here, shape, mean);
    for (let j = 0; j < columns; j++) {
      velocity[j] = momentum * velocity[j]! + mean[j]!;
      here[j]! -= rates[h]! * velocity[j]!;
    }
  }
  return { loss, here: [...here], velocity: [...velocity] };
}

test.each([
  [0, 0],
  [0.3, 0],
  [0, 0.9],
  [0.3, 0.9],
])(
  "a walk takes its steps as they are defined, to the bit: penalty %d, momentum %d",
  (l2, momentum) => {
    const problem = problems.create({ type: "ridge", l2 } as never);
    const known = byHand(l2, momentum);
    const task = { rates, batch: 0, momentum, shape, seed: 1, round: 1, slot: 0 };
    // What was in the room before makes no difference.
    const at = new Float32Array(columns).fill(5);
    const gradient = new Float64Array(columns).fill(7);
    for (let again = 0; again < 2; again++) {
      const here = start.slice();
      const velocity = momentum === 0 ? null : new Float64Array(columns);
      const left = [...batches];
      const room = { here, velocity, at, gradient };
      const loss = walk(
        problem,
        () => left.shift()!,
        { ...task, weights: Float32Array.from(start) },
        room,
      );
      expect(loss).toBe(known.loss);
      expect([...here]).toEqual(known.here);
      if (velocity !== null) expect([...velocity]).toEqual(known.velocity);
    }
  },
);
