import { expect, it } from "vitest";
import { randomFrom } from "../../src/core/random.ts";
import { slotMapOf, withSlot, withSlots } from "../../src/core/slot-map.ts";

it("puts many slots at once as one after another, and leaves the old map alone", () => {
  const random = randomFrom("slots");
  const drawn = (count: number) => Array.from({ length: count }, () => random.integer(5_000));
  const before = slotMapOf(drawn(40).map((slot) => [slot, -1] as [number, number]));
  const copy = structuredClone(before);
  const slots = drawn(400);
  const values = slots.map((_, i) => i);
  const one = slots.reduce((map, slot, i) => withSlot(map, slot, i), before);
  expect(withSlots(before, slots, values)).toEqual(one);
  expect(before).toEqual(copy);
  expect(withSlots(before, [], [])).toEqual(before);
});
