import fc from "fast-check";
import { expect, test } from "vitest";
import { atSlot, emptySlotMap, slotNumbers, withSlot } from "../../src/core/slot-map.ts";

const puts = fc.array(fc.tuple(fc.nat(700), fc.integer({ min: 1 })), { maxLength: 60 });

test("it holds what a Map holds, and older maps stay as they were", () => {
  fc.assert(
    fc.property(puts, (entries) => {
      const truth = new Map<number, number>();
      let map = emptySlotMap<number>();
      for (const [slot, value] of entries) {
        const before = structuredClone(map);
        const next = withSlot(map, slot, value);
        expect(map).toEqual(before);
        map = next;
        truth.set(slot, value);
      }
      expect(map.count).toBe(truth.size);
      expect(slotNumbers(map)).toEqual([...truth.keys()].sort((a, b) => a - b));
      for (const [slot, value] of truth) expect(atSlot(map, slot)).toBe(value);
      expect(atSlot(map, 701)).toBeUndefined();
    }),
  );
});
