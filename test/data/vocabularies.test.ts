import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  openVocabulary,
  type SentenceVocabulary,
  sentenceCodec,
  tokensMax,
} from "../../src/data/corpus/sentence-vocabulary.ts";
import { refusal } from "./fixtures.ts";

/** Written by scripts/conformance/vocabularies.py with the tools' own programs. */
const folder = new URL("../fixtures/vocabularies/", import.meta.url);
const bytesOf = (name: string) => readFileSync(new URL(name, folder));
const expected = JSON.parse(bytesOf("expected.json").toString()) as {
  readonly sentences: readonly string[];
  readonly files: Readonly<
    Record<
      string,
      {
        readonly pieces: readonly (readonly string[])[];
        readonly ids?: readonly (readonly number[])[];
        readonly joined?: readonly string[];
        readonly size?: number;
        readonly unknown?: number;
      }
    >
  >;
};
const { sentences, files } = expected;

async function* linesOf(lines: readonly string[]): AsyncGenerator<string> {
  yield* lines;
}

const corpus = bytesOf("corpus.txt").toString().trimEnd().split("\n");

const opened = (choice: Parameters<typeof openVocabulary>[0], lines = corpus) =>
  openVocabulary(choice, linesOf(lines), async (path) => bytesOf(path));

/** The four tokens before a vocabulary's own. */
const first = 4;

describe("sentencepiece in BPE form", () => {
  const models = Object.keys(files).filter((name) => name.endsWith(".model"));
  test.each(models)("%s: sentences are cut and joined as by its own program", async (name) => {
    const { ids, joined, size, unknown } = files[name]!;
    const codec = sentenceCodec(await opened({ sentencePiece: name, tokens: size! }));
    expect(codec.size).toBe(size! + first);
    for (const [i, sentence] of sentences.entries()) {
      const tokens = codec.encode(sentence);
      const own = tokens.map((id) => (id === 3 ? unknown! : id - first));
      expect(own, JSON.stringify(sentence)).toEqual(ids![i]);
      expect(codec.decode(tokens)).toBe(joined![i]);
    }
  });

  test("a model that is larger than said, and files that are none, are refused", async () => {
    const [name] = models;
    const large = await refusal(opened({ sentencePiece: name!, tokens: 20 }));
    expect(large.hint).toContain(`data.pairs.vocabulary.tokens: ${files[name!]!.size}`);
    const other = await refusal(opened({ sentencePiece: "corpus.txt", tokens: 20 }));
    expect(other.message).toContain("corpus.txt: it is no model of sentencepiece");
  });
});

describe("codes of subword-nmt", () => {
  const codes = Object.keys(files).filter((name) => name.endsWith(".codes"));
  test.each(codes)("%s: sentences are cut as by its own program", async (name) => {
    const vocabulary = await opened({ subwordNmt: name, tokens: 60_000 }, [...sentences]);
    const codec = sentenceCodec(vocabulary);
    for (const [i, sentence] of sentences.entries()) {
      const tokens = codec.encode(sentence);
      expect(tokens.map((id) => codec.labels[id])).toEqual(files[name]!.pieces[i]);
      const words = sentence.replace(/^[\r\n ]+|[\r\n ]+$/g, "").split(" ");
      expect(codec.decode(tokens)).toBe(words.filter((word) => word !== "").join(" "));
    }
  });

  test("what the training text does not have is unknown, and the rarest are left out", async () => {
    const codec = sentenceCodec(await opened({ subwordNmt: codes[0]!, tokens: 10 }));
    expect(codec.size).toBe(10 + first);
    expect(codec.encode("日")).toEqual([3]);
    expect(codec.decode(codec.encode("日"))).toBe("\u{fffd}");
  });

  test("a line that is no pair is refused with its number", async () => {
    const wrong = refusal(
      openVocabulary({ subwordNmt: "x", tokens: 9 }, linesOf([]), async () =>
        new TextEncoder().encode("#version: 0.2\na b\nabc\n"),
      ),
    );
    expect((await wrong).message).toContain('x: line 3: "abc"');
    const future = openVocabulary({ subwordNmt: "x", tokens: 9 }, linesOf([]), async () =>
      new TextEncoder().encode("#version: 0.3\na b\n"),
    );
    expect((await refusal(future)).message).toContain("version 0.3");
  });
});

describe("byte pairs learned from both sides", () => {
  test("any sentence comes back, and the first word is the same as within", async () => {
    const vocabulary = await opened({ bytePair: 400 });
    const codec = sentenceCodec(vocabulary);
    for (const sentence of sentences) expect(codec.decode(codec.encode(sentence))).toBe(sentence);
    const [alone, within] = [codec.encode("heron"), codec.encode("the heron")];
    expect(within.slice(-alone.length)).toEqual(alone);
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), (text) => {
        expect(codec.decode(codec.encode(text))).toBe(text);
      }),
    );
  });

  test("is plain data, and states beforehand how many tokens there are at most", async () => {
    const vocabulary = await opened({ bytePair: 300 });
    const again = JSON.parse(JSON.stringify(vocabulary)) as SentenceVocabulary;
    expect(sentenceCodec(again).encode(corpus[0]!)).toEqual(
      sentenceCodec(vocabulary).encode(corpus[0]!),
    );
    expect(sentenceCodec(vocabulary).size).toBe(tokensMax({ bytePair: 300 }));
  });
});
