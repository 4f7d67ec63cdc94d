import { join } from "node:path";
import { sentenceLines } from "../src/data/prepare/sentence-pairs.ts";
import { openLocal } from "../src/data/sources/local-source.ts";
import { realData } from "../test/data/fixtures.ts";

/** What is compared: the example's sentences, and real ones where they are there. */
export interface Comparison {
  readonly name: string;
  readonly data: object;
  readonly sizes: { readonly width: number; readonly heads: number; readonly layers: number };
  readonly rate: number;
  readonly warmUp: number;
  readonly tokens: number;
  readonly rounds: number;
  /** Sentences to translate, and what they should be. */
  readonly test: () => Promise<{ readonly sources: string[]; readonly references: string[] }>;
}

/** Small sentences, and real ones; KOFN_TORCH_ROUNDS says how many rounds. */
export function comparisons(): Comparison[] {
  const phrases = join(import.meta.dirname, "../examples/phrases/phrases.tsv");
  const small: Comparison = {
    name: "phrases",
    data: { source: phrases, pairs: { vocabulary: { bytePair: 340 }, length: 30 } },
    sizes: { width: 32, heads: 4, layers: 1 },
    ...{ rate: 0.01, warmUp: 20, tokens: 256, rounds: roundsOf(60) },
    async test() {
      const lines = (await linesIn(phrases)).slice(0, 100).map((line) => line.split("\t"));
      return { sources: lines.map(([a]) => a!), references: lines.map(([, b]) => b!) };
    },
  };
  if (realData === null) return [small];
  const file = (name: string) => join(realData!, name);
  const [source, targetSource] = [file("multi30k.8k.de"), file("multi30k.8k.en")];
  const pairs = { vocabulary: { bytePair: 2_000 }, length: 60 };
  const real: Comparison = {
    name: "multi30k",
    data: { source, targetSource, pairs },
    sizes: { width: 64, heads: 4, layers: 2 },
    ...{
      rate: 0.004,
      warmUp: 100,
      tokens: 512,
      rounds: roundsOf(200),
    },
    test: async () => ({
      sources: (await linesIn(file("multi30k.val.de"))).slice(0, 300),
      references: (await linesIn(file("multi30k.val.en"))).slice(0, 300),
    }),
  };
  return [small, real];
}

function roundsOf(usual: number): number {
  return Number(process.env.KOFN_TORCH_ROUNDS ?? usual);
}

async function linesIn(path: string): Promise<string[]> {
  const lines: string[] = [];
  for await (const line of sentenceLines(await openLocal(path))) lines.push(line);
  return lines;
}
