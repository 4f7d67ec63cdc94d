import { describe, expect, test } from "vitest";
import { sentenceCodec } from "../../src/data/corpus/sentence-vocabulary.ts";
import type { Prepared } from "../../src/data/manifests.ts";
import { readExamples } from "../../src/data/parts/load-parts.ts";
import { longerSides, paddedPairs } from "../../src/problems/translation/token-rows.ts";
import { type Files, prepared, refusal } from "./fixtures.ts";

const english = ["the heron calls", "a wren", "one swift flies over the harbour", "", "the tern"];
const german = ["der reiher ruft", "ein zaunkönig", "ein segler fliegt über den hafen", "x", "sie"];
const two = { "a.en": `${english.join("\n")}\n`, "a.de": german.join("\r\n") };
const one = { "a.tsv": english.map((line, i) => `${line}\t${german[i]}`).join("\n") };
const vocabulary = { bytePair: 280 };

const ofTwo = (files: Files = two, more: object = {}) =>
  prepared(
    files,
    { source: "a.en", targetSource: "a.de", pairs: { vocabulary }, ...more },
    { task: "classification" },
  );

/** The pairs that are stored, as text, and what each counts. */
async function told(
  { prepared: made, store }: Awaited<ReturnType<typeof ofTwo>>,
  parts: Prepared["train"] = made.train,
) {
  const { rows, targets } = await readExamples(store, parts, made.columns);
  const codec = sentenceCodec(made.preparation.pairs!.vocabulary);
  return Array.from({ length: rows.rows }, (_, row) => {
    const { source, decoderInput: behind, labels } = paddedPairs(rows, [row]);
    expect(behind.tokens[0]).toBe(1);
    expect([...behind.tokens.slice(1)]).toEqual([...labels.slice(0, -1)]);
    expect(source.tokens.at(-1)).toBe(2);
    const [from, to] = [[...source.tokens], [...labels]].map((all) => codec.decode(all));
    return { from, to, tokens: labels.length, counts: targets[row]! };
  });
}

describe("pairs of sentences", () => {
  test("of two files and of one are the same rows; those with an empty side are not", async () => {
    const kept = english.flatMap((from, i) => (from === "" ? [] : [{ from, to: german[i] }]));
    for (const made of [
      await ofTwo(),
      await prepared(one, { source: "a.tsv", pairs: { vocabulary } }, { task: "classification" }),
    ]) {
      const pairs = await told(made);
      const texts = pairs.map(({ from, to }) => ({ from, to }));
      expect(texts).toHaveLength(kept.length);
      expect(texts).toEqual(expect.arrayContaining(kept));
      expect(made.prepared.rows).toBe(4);
      // What rows count is their target's tokens over the mean.
      const mean = pairs.reduce((sum, { tokens }) => sum + tokens, 0) / pairs.length;
      for (const { tokens, counts } of pairs) expect(counts).toBeCloseTo(tokens / mean, 6);
    }
  });

  test("longer pairs than asked are left out, of test files too; a share is drawn", async () => {
    const short = { vocabulary: { bytePair: 257 }, length: 16 };
    const made = await ofTwo(two, { pairs: short });
    expect((await told(made)).map(({ to }) => to).sort()).toEqual([
      "der reiher ruft",
      "ein zaunkönig",
      "sie",
    ]);
    const files = { ...two, "t.en": "a tern\na wren\n", "t.de": "sie\nein zaunkönig\n" };
    const tested = await ofTwo(files, {
      test: "t.en",
      pairs: { vocabulary, testTargetSource: "t.de" },
    });
    expect(await told(tested, tested.prepared.test)).toHaveLength(2);
    const shared = await ofTwo(two, { test: 0.25 });
    expect([shared.prepared.rows, shared.prepared.testRows]).toEqual([3, 1]);
  });

  test("the same files give the same digest and bytes; another vocabulary another", async () => {
    const [a, b] = [await ofTwo(), await ofTwo()];
    expect(a.prepared).toEqual(b.prepared);
    const other = await ofTwo(two, { pairs: { vocabulary: { bytePair: 290 } } });
    expect(other.prepared.digest).not.toBe(a.prepared.digest);
    const changed = await ofTwo({ ...two, "a.de": two["a.de"].replace("sie", "die") });
    expect(changed.prepared.digest).not.toBe(a.prepared.digest);
  });

  test("the longer side counts for batches, and no row is stored with padding", async () => {
    const { prepared: made, store } = await ofTwo();
    const { rows } = await readExamples(store, made.train, made.columns);
    const lengths = longerSides(rows);
    for (const row of lengths.keys()) {
      const { source, decoderInput: behind } = paddedPairs(rows, [row]);
      expect(lengths[row]).toBe(Math.max(source.length, behind.length));
    }
    expect(rows.kind === "sparse" && rows.values.every((token) => token > 1)).toBe(true);
  });
});

describe("refused", () => {
  test.each([
    ["a target too few", { ...two, "a.de": "x\ny\n" }, /a.de has fewer lines than a.en/],
    ["a target too many", { ...two, "a.de": `${two["a.de"]}\nmore` }, /a.de has more lines/],
  ])("%s", async (_, files, message) => {
    expect((await refusal(ofTwo(files))).message).toMatch(message);
  });

  test("a line without a tab, or with two, by its number", async () => {
    const files = { "a.tsv": "a\tb\nc d\n" };
    const made = prepared(files, { source: "a.tsv", pairs: {} }, { task: "classification" });
    expect((await refusal(made)).message).toContain("a.tsv: line 2: 0 tabs");
  });

  test.each([
    [{ test: "a.en" }, /two files each, or one/],
    [{ pairs: { testTargetSource: "a.de" } }, /testTargetSource: it goes with a file/],
    [{ target: "x" }, /data.target: it has no meaning beside data.pairs/],
    [{ text: {} }, /data.text/],
  ])("options that do not go together: %j", async (more, message) => {
    expect((await refusal(ofTwo(two, more))).message).toMatch(message);
  });

  test("nothing to train on, and private runs", async () => {
    const empty = { "a.en": "\n\n", "a.de": "x\ny\n" };
    expect((await refusal(ofTwo(empty))).message).toContain("0 pairs to train on");
    const secret = prepared(
      two,
      { source: "a.en", targetSource: "a.de", pairs: {} },
      { task: "classification", isPrivate: true },
    );
    expect((await refusal(secret)).message).toContain("the vocabulary is learned of all sentences");
  });
});
