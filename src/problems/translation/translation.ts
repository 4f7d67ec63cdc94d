import * as z from "zod";
import { RunError } from "../../core/errors.ts";
import { randomFrom } from "../../core/random.ts";
import { define } from "../../core/registry.ts";
import type { Problem } from "../problem.ts";
import { type TranslationFacts, type TranslationOptions, translationFactsOf } from "./options.ts";
import {
  addGradients,
  gradientsByTensor,
  metricsOf,
  summedLoss,
  tallyOf,
  translateSentences,
} from "./passes.ts";
import { longerSides } from "./token-rows.ts";
import { translationStages } from "./translation-stages.ts";
import { openTranslatorOf, sizesOf, translatorOf } from "./translators.ts";

/** Sentences to sentences: the published encoder-decoder Transformer. */
export const translation = define({
  name: "translation",
  summary: "translates sentences by an encoder-decoder Transformer; its rows come of data.pairs",
  reference: "Vaswani et al., Attention Is All You Need, NeurIPS 2017",
  options: {
    width: z.int().min(2).max(4_096).default(64).describe("numbers that stand for a token"),
    heads: z.int().min(1).max(64).default(4).describe("of attention; they divide the width"),
    layers: z
      .int()
      .min(1)
      .max(64)
      .default(2)
      .describe("of the encoder, and as many of the decoder"),
    hidden: z
      .int()
      .min(1)
      .max(65_536)
      .optional()
      .describe("units within a feed-forward layer; four times the width where absent"),
    dropout: z.number().min(0).lt(1).default(0.1).describe("of embeddings and of what is added"),
    labelSmoothing: z
      .number()
      .min(0)
      .lt(1)
      .default(0.1)
      .describe("the part of a target that is spread over all tokens, the right one included"),
    backend: z
      .enum(["auto", "node", "wasm", "cpu"])
      .default("auto")
      .describe("what computes: native where it is installed, else WASM, else plain JavaScript"),
    seed: z.int().min(0).optional().describe("what dropout hangs on; the spec's seed where absent"),
    facts: z
      .looseObject({ key: z.string() })
      .optional()
      .describe("what is known of the network; filled in when a run starts"),
  },
  examples: [{}, { width: 32, layers: 1, dropout: 0 }],
  create: (options): Problem =>
    translationProblem({ ...options, facts: options.facts as TranslationFacts | undefined }),
});

/**
 * A row is a pair of sentences; its loss is that of its target's tokens, over the mean of how many
 * a row has: a row's target says what the row counts. So a mean over rows is one over tokens.
 */
function translationProblem(options: TranslationOptions): Problem {
  const { facts, width, heads } = options;
  if (width % heads !== 0 || width % 2 !== 0)
    throw new RunError("bad-value", `problem.width: ${width}, in ${heads} heads`, {
      hint: "choose an even width that the number of heads divides",
    });
  const draws = (random = randomFrom("undrawn")) => random.fork(`seed/${options.seed}`);
  return {
    ...(facts === undefined ? {} : { parameters: facts.pieces }),
    readsPairs: true,
    target: "classes",
    classesMax: 65_536,
    isQuadratic: false,
    l2: 0,
    l1: 0,
    ownIntercepts: true,
    weightsLength: (_, tokens) => checkedLength(options, tokens),
    async publishAssets(write, seed, tokens) {
      if (facts !== undefined) return { ...options };
      if (tokens === undefined)
        throw new RunError("bad-option", "problem: translation: it needs pairs of sentences", {
          hint: "set data: { source: pairs.tsv, pairs: { vocabulary: { bytePair: 4000 } } }",
        });
      const { transformerDefinition } = await import(
        "../../tfjs/transformer/transformer-definition.ts"
      );
      const definition = await transformerDefinition(sizesOf(options, tokens), options.backend);
      await write(definition.key, definition.bytes);
      const { key, pieces } = definition;
      return { ...options, seed: options.seed ?? seed, facts: { key, tokens, pieces } };
    },
    load: (read) => openTranslatorOf(options, read),
    stages: translationStages(options),
    initial: (random) => translatorOf(options).initial(random),
    rowTokens: longerSides,
    lossAndGradient: (examples, weights, gradient, random) =>
      addGradients(options, examples, weights, gradient, draws(random)),
    slicedGradient: (examples, weights, form, random) =>
      gradientsByTensor(options, examples, weights, form, draws(random)),
    lineSearchTerms: (examples, weights, direction, steps) =>
      Float64Array.from(steps, (step) => {
        const there = weights.map((weight, i) => weight + step * direction[i]!);
        return summedLoss(options, examples, there);
      }),
    /** There is no bound. */
    smoothness: () => Number.POSITIVE_INFINITY,
    predict: noNumbers,
    lossAt: noNumbers,
    tally: (examples, weights) => tallyOf(options, examples, weights),
    metrics: metricsOf,
    translate: (sentences, weights, search) =>
      translateSentences(options, sentences, weights, search),
  };
}

/** The number of weights; refuses data of more tokens than the table has rows. */
function checkedLength(options: TranslationOptions, tokens: number): number {
  const { tokens: rows, pieces } = translationFactsOf(options);
  if (tokens > rows)
    throw new RunError(
      "bad-shape",
      `problem: translation: its table has ${rows} rows, the vocabulary ${tokens} tokens`,
      { hint: "start the run anew from its spec: kofn run SPEC" },
    );
  return pieces.reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0);
}

/** A translation is text, and no number stands for it. */
function noNumbers(): never {
  throw new RunError("bad-combination", "problem: translation: it predicts text, not numbers", {
    hint: "kofn predict RUN SENTENCES writes translations",
  });
}
