import { expect, test } from "vitest";
import { countOf, countOption } from "../../src/compression/selections.ts";

test.each(["1%", "0.5%", ".25%", "100%", "100.0 %", "99.9%", "10%", 1, 1000])(
  "%s is a count",
  (count) => {
    expect(countOption.safeParse(count).success).toBe(true);
  },
);

test.each(["0%", "0.0%", "101%", "100.1%", "%", "5", "-1%", "1 percent", 0, 1.5])(
  "%s is none",
  (count) => {
    expect(countOption.safeParse(count).success).toBe(false);
  },
);

test("a count is at least one and at most all", () => {
  expect(["1%", "50%", "100%", ".1%"].map((part) => countOf(part, 10))).toEqual([1, 5, 10, 1]);
  expect([1, 1000].map((count) => countOf(count, 10))).toEqual([1, 10]);
});
