import { expect, it } from "vitest";
import { randomFrom } from "../../src/core/random.ts";
import { argsort } from "../../src/simulation/argsort.ts";

it("sorts by value, and leaves equal ones in their order", () => {
  const random = randomFrom("ascending");
  for (const length of [0, 1, 2, 3, 64, 65, 1000]) {
    const values = Float64Array.from({ length }, () => random.integer(30));
    const expected = Array.from(values.keys()).sort((a, b) => values[a]! - values[b]! || a - b);
    expect([...argsort(values)]).toEqual(expected);
  }
  const endless = Float64Array.of(Number.POSITIVE_INFINITY, 1, Number.POSITIVE_INFINITY, 0);
  expect([...argsort(endless)]).toEqual([3, 1, 0, 2]);
});
