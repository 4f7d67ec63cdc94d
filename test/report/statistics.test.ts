import fc from "fast-check";
import { expect, test } from "vitest";
import { downsample } from "../../src/report/statistics.ts";

const series = fc.array(fc.option(fc.integer({ min: -50, max: 50 })), { maxLength: 400 });

test("downsampling keeps order, the first, the last and the extremes, within its bound", () => {
  fc.assert(
    fc.property(series, fc.integer({ min: 4, max: 60 }), (values, pointsMax) => {
      const items = values.map((value, index) => ({ value, index }));
      const kept = downsample(items, pointsMax, ({ value }) => value);
      expect(kept.length).toBeLessThanOrEqual(Math.max(pointsMax, 0));
      if (items.length === 0) return;
      expect(kept[0]).toBe(items[0]);
      expect(kept[kept.length - 1]).toBe(items[items.length - 1]);
      const order = kept.map(({ index }) => index);
      expect(order).toEqual([...new Set(order)].sort((a, b) => a - b));
      const known = (all: readonly { value: number | null }[]) =>
        all.map(({ value }) => value).filter((value) => value !== null);
      expect(Math.min(...known(kept))).toBe(Math.min(...known(items)));
      expect(Math.max(...known(kept))).toBe(Math.max(...known(items)));
    }),
  );
});

test("a short series is left as it is", () => {
  const items = [3, 1, 2];
  expect(downsample(items, 3, (value) => value)).toBe(items);
});
