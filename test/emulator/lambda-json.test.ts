import fc from "fast-check";
import { expect, test } from "vitest";
import { checkedEvent } from "../../src/emulator/lambda/json.ts";

const isJson = (bytes: Buffer) => {
  try {
    JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
    return true;
  } catch {
    return false;
  }
};
const passes = (bytes: Buffer) => {
  try {
    return checkedEvent(bytes).equals(bytes);
  } catch {
    return false;
  }
};

test("an event passes exactly where JSON.parse takes it, long strings and escapes included", () => {
  const long = fc
    .tuple(fc.constantFrom("a", "é", '\\"', "\\\\", "\n", "\u0001", "😀"), fc.nat(3))
    .map(([odd, place]) => {
      const filler = "x".repeat(1500 + place);
      return `${filler.slice(0, place * 400)}${odd}${filler.slice(place * 400)}`;
    });
  const piece = fc.oneof(
    long,
    fc.constantFrom('"', "{", "}", "[", "]", ":", ",", "1", "null", "\\", " "),
    fc.json(),
    long.map((text) => JSON.stringify(text)),
  );
  fc.assert(
    fc.property(fc.array(piece, { minLength: 1, maxLength: 8 }), (pieces) => {
      for (const text of [pieces.join(""), `[${pieces.join(",")}]`]) {
        const bytes = Buffer.from(text);
        expect(passes(bytes), text.slice(0, 200)).toBe(isJson(bytes));
      }
    }),
    { numRuns: 1000 },
  );
});

test("what follows a long string still counts", () => {
  const text = `{"w":"${"A".repeat(5000)}","n":1}`;
  expect(passes(Buffer.from(text))).toBe(true);
  for (const broken of [`${text}}`, text.slice(0, -1), text.replace(",", ""), `${text}"`])
    expect(passes(Buffer.from(broken))).toBe(false);
});
