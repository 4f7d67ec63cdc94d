import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { translate } from "../../src/index.ts";
import type { RoundEvent } from "../../src/ports/events.ts";
import { corpusBleu } from "../../src/problems/translation/bleu.ts";

/** What is trained, and on what. */
export interface Setting {
  readonly backend: string;
  /** The folder of Multi30k. */
  readonly folder: string;
  readonly width: number;
  readonly layers: number;
  readonly dropout: number;
  readonly vocabulary: number;
  /** Tokens of a batch, a side. */
  readonly tokens: number;
  readonly rate: number;
  readonly warmUp: number;
}

const file = ({ folder }: Setting, name: string) => join(folder, `multi30k.${name}`);

/** The same over the first so many pairs, and 300 sentences to translate: files of the folder. */
export async function smallerSetting(setting: Setting, folder: string, pairs: number) {
  for (const [name, lines] of [
    ["8k.de", pairs],
    ["8k.en", pairs],
    ["val.de", 300],
    ["val.en", 300],
  ] as const) {
    const all = (await readFile(file(setting, name), "utf8")).split("\n");
    await writeFile(join(folder, `multi30k.${name}`), `${all.slice(0, lines).join("\n")}\n`);
  }
  return { ...setting, folder };
}

/** German to English over 8 functions, any 6 of 8, on 8,000 pairs of Multi30k. */
export function specOf(setting: Setting, rounds: number) {
  const { width, layers, dropout, vocabulary, tokens, rate, warmUp } = setting;
  return {
    problem: { type: "translation", width, layers, dropout },
    data: {
      source: file(setting, "8k.de"),
      targetSource: file(setting, "8k.en"),
      test: file(setting, "val.de"),
      pairs: {
        vocabulary: { bytePair: vocabulary },
        length: 60,
        testTargetSource: file(setting, "val.en"),
      },
    },
    workers: 8,
    wait: { fastest: 6 },
    encoding: "uncoded",
    strategy: { type: "rounds", batch: { tokens } },
    optimizer: {
      type: "adam",
      learningRate: rate,
      beta2: 0.98,
      epsilon: 1e-9,
      schedule: { type: "inverse-sqrt", warmUp },
    },
    stop: { rounds, tolerance: 0, patience: 600 },
    seed: 7,
  } as const;
}

export interface Translated {
  readonly bleu: number;
  /** Of the source as its own translation. */
  readonly copied: number;
  readonly seconds: number;
  readonly signature: string;
  readonly lines: readonly { line: string; translation: string; reference: string }[];
}

/** A system and its BLEU, as `npm run conformance -- sacrebleu FILE` reads them. */
export interface System {
  readonly name: string;
  readonly translations: readonly string[];
  readonly references: readonly string[];
  /** As it was printed. */
  readonly score: number;
}

/** Every system of this process whose BLEU was printed. */
export const systems: System[] = [];

/** Translates the validation sentences, and compares. */
export async function translateTest(
  setting: Setting,
  { name, home, run, beam }: Readonly<Record<"name" | "home" | "run", string> & { beam: number }>,
): Promise<Translated> {
  const begunMs = performance.now();
  const lines: { line: string; translation: string; reference: string }[] = [];
  const options = { home, beam, references: file(setting, "val.en") };
  for await (const { reference, ...one } of translate(run, file(setting, "val.de"), options))
    lines.push({ ...one, reference: reference! });
  const references = lines.map(({ reference }) => reference);
  const translations = lines.map(({ translation }) => translation);
  const { score, signature } = corpusBleu(translations, references);
  const sources = lines.map(({ line }) => line);
  const copied = corpusBleu(sources, references);
  systems.push({ name, translations, references, score });
  systems.push({
    ...{ name: `${name}: the source copied`, translations: sources, references },
    score: copied.score,
  });
  const seconds = (performance.now() - begunMs) / 1000;
  return { bleu: score, copied: copied.score, seconds, signature, lines };
}

/** Tells of every 20th round, and of the mean over the last 20. */
export function roundWatch(name: string): (event: RoundEvent) => number {
  const startedMs = performance.now();
  const recent: number[] = [];
  return ({ round, objectiveEstimate }) => {
    recent.push(objectiveEstimate);
    if (recent.length > 20) recent.shift();
    const mean = recent.reduce((sum, one) => sum + one, 0) / recent.length;
    const seconds = (performance.now() - startedMs) / 1000;
    if ((round + 1) % 20 === 0)
      console.error(`${name}: round ${round + 1}: ${mean.toFixed(3)} at ${seconds.toFixed()} s`);
    return recent.length < 20 ? Number.POSITIVE_INFINITY : mean;
  };
}
