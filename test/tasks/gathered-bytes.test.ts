import { expect, test } from "vitest";
import { randomFrom } from "../../src/core/random.ts";
import { accumulate } from "../../src/math/slices/accumulation.ts";
import type { DoublePart } from "../../src/math/slices/gradient-part.ts";
import { partBytes } from "../../src/tasks/sliced-reply.ts";

const [rows, columns, source, target] = [337, 10, 50, 49];

/** A tied table's contributions of one worker: the output's, and look-ups on both sides. */
function contributionsOf(worker: number): DoublePart[] {
  const random = randomFrom(`worker/${worker}`);
  const numbers = (length: number) => Float64Array.from({ length }, () => random.normal());
  const lookUps = (tokens: number): DoublePart => {
    const ids = Uint32Array.from({ length: tokens }, () => random.integer(rows));
    return { kind: "slices", slices: { rows, columns, ids, values: numbers(tokens * columns) } };
  };
  return [{ kind: "dense", values: numbers(rows * columns) }, lookUps(source), lookUps(target)];
}

test("gathered bytes are P (V + Ts + Tt)(4D + 4) exactly, dense ones 4 V D of a worker", () => {
  const bytes = { gather: 0, auto: 0 };
  for (let workers = 1; workers <= 64; workers++) {
    const contributions = contributionsOf(workers);
    for (const rule of ["gather", "auto"] as const)
      bytes[rule] += partBytes(accumulate(contributions, { rows, columns }, rule)!);
    expect(bytes.gather).toBe(workers * (rows + source + target) * (4 * columns + 4));
    expect(bytes.auto).toBe(workers * 4 * rows * columns);
  }
  const values = (64 * (33_708 + 2 * 4_980)) / 33_708;
  expect(values).toBeCloseTo(82.9, 1);
});
