import type { Random } from "../../core/random.ts";
import type { Examples } from "../../math/rows.ts";
import type { GradientForm, SlicedGradient } from "../../math/slices/sliced-gradient.ts";
import { tokenBatches } from "../../math/token-batches.ts";
import type { TranslationPass } from "../../tfjs/transformer/translator.ts";
import { beamSearch, type SearchOptions } from "./beam-search.ts";
import { type TranslationOptions, translationFactsOf } from "./options.ts";
import { logProbabilities, type TokenSums, tokenLoss } from "./token-loss.ts";
import {
  longerSides,
  type PaddedPairs,
  paddedPairs,
  tokenFactors,
  tokenTableOf,
} from "./token-rows.ts";
import { translatorOf } from "./translators.ts";

/** Rows go through the network with so many tokens a side at once, padding counted. */
const passTokens = 2_048;

/** Some rows that go through the network at once, and what a token of each counts. */
interface TokenPass {
  readonly pairs: PaddedPairs;
  readonly factors: Float64Array;
}

function* passesOf({ rows, targets }: Examples): Generator<TokenPass> {
  for (const places of tokenBatches(longerSides(rows), passTokens)) {
    const pairs = paddedPairs(rows, places);
    const counted = places.map((row) => targets[row]!);
    const factors = tokenFactors(pairs.labels, counted);
    yield { pairs, factors };
  }
}

/** Rows as the network is trained on them, with the loss of each pass. */
function* trainedPasses(
  options: TranslationOptions,
  examples: Examples,
): Generator<TranslationPass> {
  const { labelSmoothing } = options;
  const { tokens } = translationFactsOf(options);
  let number = 0;
  for (const { pairs, factors } of passesOf(examples)) {
    const { source, decoderInput: target, labels } = pairs;
    const judge = { labelSmoothing, tokens, factors };
    const loss: TranslationPass["loss"] = (scores, slopes) =>
      tokenLoss(scores, labels, target.rows, judge, slopes).loss;
    yield { number: number++, source, target, loss };
  }
}

/** The sum of losses over rows; their gradient is added. */
export function addGradients(
  options: TranslationOptions,
  examples: Examples,
  weights: Float32Array,
  gradient: Float64Array,
  random: Random,
): number {
  const translator = translatorOf(options);
  let loss = 0;
  for (const pass of trainedPasses(options, examples))
    loss += translator.addGradient(pass, weights, gradient, random);
  return loss;
}

/** The same tensor by tensor. The table is the output as well, so its gradient is dense. */
export function gradientsByTensor(
  options: TranslationOptions,
  examples: Examples,
  weights: Float32Array,
  form: GradientForm,
  random: Random,
): SlicedGradient {
  const passes = trainedPasses(options, examples);
  return translatorOf(options).slicedGradient(passes, weights, form, random);
}

function* sumsOfPasses(
  options: TranslationOptions,
  examples: Examples,
  weights: Float32Array,
  isWeighted: boolean,
): Generator<TokenSums> {
  const translator = translatorOf(options);
  const { labelSmoothing } = options;
  const { tokens } = translationFactsOf(options);
  for (const { pairs, factors } of passesOf(examples)) {
    const { source, decoderInput, labels } = pairs;
    const scores = translator.scores(source, decoderInput, weights);
    const judge = { labelSmoothing, tokens, ...(isWeighted ? { factors } : {}) };
    yield tokenLoss(scores, labels, decoderInput.rows, judge, null);
  }
}

/** The sum of losses over rows, as for prediction. */
export function summedLoss(
  options: TranslationOptions,
  examples: Examples,
  weights: Float32Array,
): number {
  let sum = 0;
  for (const { loss } of sumsOfPasses(options, examples, weights, true)) sum += loss;
  return sum;
}

/** Tokens, their loss, the same without label smoothing, and how many were decoderInput right. */
export function tallyOf(
  options: TranslationOptions,
  examples: Examples,
  weights: Float32Array | Float64Array,
): Float64Array {
  return tallyOfSums(sumsOfPasses(options, examples, Float32Array.from(weights), false));
}

/** The same of sums that were computed. */
export function tallyOfSums(all: Iterable<TokenSums>): Float64Array {
  const tally = new Float64Array(4);
  for (const sums of all) {
    tally[0]! += sums.tokens;
    tally[1]! += sums.loss;
    tally[2]! += sums.surprise;
    tally[3]! += sums.right;
  }
  return tally;
}

/** Means over tokens. */
export function metricsOf(tally: Float64Array) {
  const [tokens, loss, surprise, right] = tally as unknown as [number, number, number, number];
  const logloss = surprise / tokens;
  const metrics = { accuracy: right / tokens, logloss, perplexity: Math.exp(logloss) };
  return { meanLoss: loss / tokens, metrics };
}

/** A translation may be so much longer than its source, as published. */
const moreTokens = 50;

/** Sentences of like length are translated side by side; the result is in the order given. */
export function translateSentences(
  options: TranslationOptions,
  sentences: readonly (readonly number[])[],
  weights: Float32Array,
  search: SearchOptions,
): readonly (readonly number[])[] {
  const translator = translatorOf(options);
  const { tokens } = translationFactsOf(options);
  const lengths = sentences.map(({ length }) => length);
  const out: (readonly number[])[] = sentences.map(() => []);
  for (const places of tokenBatches(lengths, Math.ceil(passTokens / search.beam))) {
    const some = places.map((at) => sentences[at]!);
    const reading = translator.read(tokenTableOf(some), weights);
    try {
      const hypotheses = beamSearch({
        ...search,
        lengthsMax: some.map(({ length }) => length + moreTokens),
        next(prefixes, owners, parents) {
          const last = prefixes.map((prefix) => prefix.at(-1)!);
          return logProbabilities(reading.next(last, owners, parents), tokens);
        },
      });
      for (const [i, at] of places.entries()) out[at] = hypotheses[i]!.tokens;
    } finally {
      reading.close();
    }
  }
  return out;
}
