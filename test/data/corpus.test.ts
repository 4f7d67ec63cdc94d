import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseOptions } from "../../src/core/registry.ts";
import { bytePairEncoder, learnMerges, textPieces } from "../../src/data/corpus/byte-pair.ts";
import {
  learnVocabulary,
  textOfTokens,
  tokenLabels,
  tokensOf,
  vocabularySize,
  windowsOf,
} from "../../src/data/corpus/vocabulary.ts";
import { dataSchema } from "../../src/data/options.ts";
import { readExamples } from "../../src/data/parts/load-parts.ts";
import { prepareDataSet } from "../../src/data/prepare/prepare.ts";
import type { Source } from "../../src/data/sources/source.ts";
import { memoryStore } from "../../src/storage/memory.ts";

async function* chunksOf(text: string, size = 7): AsyncGenerator<string> {
  for (let at = 0; at < text.length; at += size) yield text.slice(at, at + size);
}

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const item of items) found.push(item);
  return found;
}

/** A text as a file whose chunks end anywhere, within characters too. */
function sourceOf(text: string, chunkBytes = 5): Source {
  const bytes = new TextEncoder().encode(text);
  return {
    name: "corpus.txt",
    sizeBytes: bytes.length,
    identity: async () => text,
    async *bytes() {
      for (let at = 0; at < bytes.length; at += chunkBytes)
        yield bytes.subarray(at, at + chunkBytes);
    },
    range: async (from, to) => bytes.subarray(from, to),
  };
}

describe("byte pairs", () => {
  test("the commonest pair first: by hand, a b 7 times, then abab 3 times", () => {
    const merges = learnMerges(
      new Map([
        ["abab", 3],
        ["ab", 1],
        ["c", 9],
      ]),
      300,
    );
    expect(merges).toEqual([
      [97, 98],
      [256, 256],
    ]);
    expect(bytePairEncoder(merges)("ababab")).toEqual([257, 256]);
  });

  test("pairs as common go by number, and one that stands once is left", () => {
    expect(
      learnMerges(
        new Map([
          ["ba", 2],
          ["ab", 2],
          ["xy", 1],
        ]),
        257,
      ),
    ).toEqual([[97, 98]]);
    expect(learnMerges(new Map([["xy", 1]]), 300)).toEqual([]);
  });

  test("any text comes back from its tokens, learned from it or from another", async () => {
    const unit = fc.string({ unit: "grapheme", maxLength: 200 });
    await fc.assert(
      fc.asyncProperty(unit, unit, async (learned, text) => {
        const choice = { bytePair: 300 };
        const vocabulary = await learnVocabulary(choice, chunksOf(learned.repeat(3)), "a");
        expect(vocabularySize(vocabulary)).toBeLessThanOrEqual(300);
        expect(tokenLabels(vocabulary)).toHaveLength(vocabularySize(vocabulary));
        const tokens = (await all(tokensOf(vocabulary, chunksOf(text), "b"))).flat();
        expect(textOfTokens(vocabulary, tokens)).toBe(text);
      }),
      { numRuns: 60 },
    );
  });

  test("pieces are the same wherever chunks end, and joined are the text", async () => {
    const text = `To be, or  not\n\n${"x".repeat(150)} to ${" ".repeat(130)}be.`;
    const whole = await all(textPieces(chunksOf(text, 10_000)));
    expect(whole.join("")).toBe(text);
    for (const size of [1, 3, 64, 100]) {
      expect(await all(textPieces(chunksOf(text, size)))).toEqual(whole);
    }
  });
});

describe("windows of tokens", () => {
  async function* tokens(...groups: number[][]) {
    yield* groups;
  }
  test.each([
    [
      3,
      undefined,
      [
        [0, 1, 2, 3],
        [3, 4, 5, 6],
      ],
    ],
    [
      3,
      1,
      [
        [0, 1, 2, 3],
        [1, 2, 3, 4],
        [2, 3, 4, 5],
        [3, 4, 5, 6],
      ],
    ],
    [
      2,
      4,
      [
        [0, 1, 2],
        [4, 5, 6],
      ],
    ],
    [7, 1, []],
  ])("of %i, %s apart, with what comes next", async (length, stride, expected) => {
    for (const groups of [[[0, 1, 2, 3, 4, 5, 6]], [[0], [1, 2], [], [3, 4, 5], [6]]]) {
      const found = await all(windowsOf(tokens(...groups), { length, stride }));
      expect(found.map((window) => [...window.tokens, window.target])).toEqual(expected);
    }
  });
});

describe("a text as data", () => {
  const text = "äb".repeat(40) + "cd".repeat(10);
  const prepared = async (more: object, given = text) => {
    const store = memoryStore();
    const data = parseOptions(dataSchema, { source: "corpus.txt", ...more }, "data");
    const open = async () => sourceOf(given);
    const made = await prepareDataSet({ data, task: "classification", seed: 1 }, { open, store });
    const train = await readExamples(store, made.train, made.columns);
    return { made, train, store };
  };

  test("rows are tokens, targets the next ones, the test rows the end of the text", async () => {
    const { made, train, store } = await prepared({ text: { length: 4 }, test: 0.2 });
    expect(made.preparation.target.classes).toEqual(["b", "c", "d", "ä"]);
    expect(made.columns).toBe(4);
    // 140 bytes, of which the first 112: 74 characters and two thirds, up to the 75th's start.
    expect(made.rows).toBe(Math.floor((75 - 1) / 4));
    const rows = Array.from({ length: made.rows }, (_, row) => [
      ...train.rows.values.slice(4 * row, 4 * row + 4),
      train.targets[row],
    ]);
    for (const row of rows) expect([[3, 0, 3, 0, 3]]).toContainEqual(row);
    const test = await readExamples(store, made.test, made.columns);
    expect(made.testRows).toBe(test.targets.length);
    expect([...test.rows.values]).toContain(2);
  });

  test("a text too short for one row is refused", async () => {
    await expect(prepared({ text: { length: 64 } }, "short")).rejects.toMatchObject({
      code: "short-text",
      message: expect.stringContaining("corpus.txt"),
    });
  });

  test("numbers cannot be told from text", async () => {
    const store = memoryStore();
    const data = parseOptions(dataSchema, { source: "corpus.txt", text: {} }, "data");
    const open = async () => sourceOf(text);
    const made = prepareDataSet({ data, task: "regression", seed: 1 }, { open, store });
    await expect(made).rejects.toMatchObject({ code: "bad-option" });
  });
});
