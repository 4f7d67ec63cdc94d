import { expect, test } from "vitest";
import { noFault } from "../../src/weather/fault-decision.ts";
import { billedMsOf, endings, invocationTimes } from "../../src/weather/invocation.ts";
import { SlotEnvironments } from "../../src/weather/slot-environments.ts";

/** Occupies the environment that is found, and tells whether it was a new one. */
function start(slot: SlotEnvironments, atMs: number, untilMs: number, isDoomed = false) {
  const found = slot.find(atMs);
  if (found === null) return null;
  const isNew = slot.isNew(found);
  slot.occupy(found, untilMs, isDoomed);
  return { found, isNew };
}

test("spares start while others are busy, up to a number; of the idle the last used", () => {
  const slot = new SlotEnvironments(2);
  expect(start(slot, 0, 10)).toEqual({ found: 0, isNew: true });
  expect(start(slot, 5, 30)).toEqual({ found: 1, isNew: true });
  expect(start(slot, 9, 50)).toBeNull();
  expect(start(slot, 10, 20)).toEqual({ found: 0, isNew: false });
  expect(start(slot, 30, 40)).toEqual({ found: 1, isNew: false });
});

test("a doomed one is busy until its end, and then the next one is new", () => {
  const slot = new SlotEnvironments(1);
  start(slot, 0, 10, true);
  expect(slot.find(9)).toBeNull();
  expect(start(slot, 10, 20)).toEqual({ found: 0, isNew: true });
  expect(start(slot, 20, 30)).toEqual({ found: 0, isNew: false });
});

test("one that is busy before anybody asked is there, and no other", () => {
  const slot = new SlotEnvironments(3);
  slot.occupy(0, 10, false);
  expect(start(slot, 5, 30)).toEqual({ found: 1, isNew: true });
  expect(start(slot, 10, 20)).toEqual({ found: 0, isNew: false });
});

test("what is tried on a copy did not happen", () => {
  const slot = new SlotEnvironments(1);
  start(slot.copy(), 0, 10);
  expect(start(slot, 0, 10)).toEqual({ found: 0, isNew: true });
});

test("an invocation takes its start, its delay and its work, up to the time-out", () => {
  const of = (fate: object, isCold = false) =>
    invocationTimes({ ...noFault, delayMs: 3, coldStartMs: 100, ...fate }, isCold, 20, 50);
  expect(of({})).toEqual({ coldMs: 0, ranMs: 23, ending: endings.replied });
  expect(of({}, true)).toEqual({ coldMs: 100, ranMs: 23, ending: endings.replied });
  expect(of({ fault: "crash-before" })).toMatchObject({ ranMs: 3, ending: endings.crashed });
  expect(of({ fault: "crash-after" })).toMatchObject({ ranMs: 23, ending: endings.crashed });
  expect(of({ fault: "hang" })).toMatchObject({ ranMs: 50, ending: endings.timedOut });
  expect(of({ delayMs: 31 }, true)).toEqual({ coldMs: 100, ranMs: 50, ending: endings.timedOut });
  expect(billedMsOf(23.2, 100.9)).toBe(125);
});
