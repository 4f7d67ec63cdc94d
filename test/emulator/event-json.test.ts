import { describe, expect, it } from "vitest";
import { parseEvent } from "../../src/emulator/runtime/event-json.ts";

const long = "A".repeat(5_000);

describe("an event's text", () => {
  const events: Record<string, unknown> = {
    small: { a: [1, "b", null] },
    "long strings": { task: { id: "x", weights: long, more: [long, "short", `${long}=`] } },
    "a long string alone": long,
    "a long key": { [long]: long, short: 1 },
    "a long key with a blank behind it": { [long]: 1, other: long },
    "long text that is not ASCII": { text: "ü".repeat(5_000), weights: long },
    "escapes among long strings": { text: 'a"b\\c\n', weights: long },
    "words that a mark begins with": { text: "long string 0", weights: long },
    "a mark spelled by escapes": { weights: long, text: "long string 0" },
    "much besides": { numbers: Array.from({ length: 9_000 }, (_, i) => i / 7), weights: long },
    "a name that objects have": JSON.parse(`{"__proto__": {"a": "${long}"}, "b": "${long}"}`),
  };
  it.each(Object.entries(events))("is read as JSON.parse reads it: %s", (name, event) => {
    const spaced = name.includes("blank");
    let text = JSON.stringify(event);
    if (spaced) text = text.replace('":1', '"\n :1');
    if (name.includes("spelled")) text = text.replace('"long string', '"\\u006cong string');
    expect(parseEvent(Buffer.from(text))).toStrictEqual(JSON.parse(text));
  });

  it("that is no JSON is refused", () => {
    expect(() => parseEvent(Buffer.from(`{"a": "${long}", b}`))).toThrow(SyntaxError);
    expect(() => parseEvent(Buffer.from(`{"a": "${long}`))).toThrow(SyntaxError);
  });
});
