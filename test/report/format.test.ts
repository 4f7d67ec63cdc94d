import { expect, test } from "vitest";
import { randomFrom } from "../../src/core/random.ts";
import { formatCount, formatNumber } from "../../src/report/format.ts";

const inEnglish = (value: number, decimals: number) =>
  value.toLocaleString("en-US", {
    minimumFractionDigits: decimals,
    maximumFractionDigits: decimals,
  });

test("numbers have the digits that toLocaleString gives them in English", () => {
  const random = randomFrom("digits");
  const special = [0, -0, 0.5, -0.5, 2.5, -0.2, 1.005, 999.9995, 999_999.5, 1e15, 1e21, 1e22];
  const drawn = Array.from({ length: 5_000 }, (_, i) =>
    i % 2 === 0
      ? (random.uniform() - 0.5) * 10 ** Math.floor(random.uniform() * 24 - 3)
      : Math.round(random.uniform() * 1e6) / 1000,
  );
  for (const value of [...special, ...drawn, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
    expect(formatCount(value)).toBe(inEnglish(value, 0));
    const size = Math.abs(value);
    if (Number.isInteger(value) || size < 1e-3 || size >= 1e7) continue;
    for (const digits of [2, 4, 6]) {
      const decimals = Math.max(0, digits - 1 - Math.floor(Math.log10(size)));
      expect(formatNumber(value, digits)).toBe(inEnglish(value, decimals));
    }
  }
});
