import fc from "fast-check";
import { expect, test } from "vitest";
import { compareUtf8 } from "../../src/core/text.ts";

test("strings stand in the order of their UTF-8 bytes", () => {
  // Few different characters, so that strings share beginnings; U+FFFF before U+10000 is the catch.
  const text = fc.string({ unit: fc.constantFrom("a", "é", "\uffff", "\u{10000}", "\u{10ffff}") });
  for (const unit of [text, fc.string({ unit: "binary" })])
    fc.assert(
      fc.property(unit, unit, (a, b) => {
        const bytes = Buffer.compare(Buffer.from(a), Buffer.from(b));
        expect(Math.sign(compareUtf8(a, b))).toBe(bytes);
      }),
      { numRuns: 500, seed: 1 },
    );
  expect(["\u{10000}", "\ufffd", "a", ""].sort(compareUtf8)).toEqual([
    "",
    "a",
    "\ufffd",
    "\u{10000}",
  ]);
});
