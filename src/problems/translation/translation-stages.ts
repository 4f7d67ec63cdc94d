import type { OutputLoss } from "../../tfjs/trainer-contract.ts";
import type { StagedProblem } from "../staged-problem.ts";
import { readNetwork, stageEngine } from "../stored-networks.ts";
import { type TranslationOptions, translationFactsOf } from "./options.ts";
import { tallyOfSums } from "./passes.ts";
import { tokenLoss } from "./token-loss.ts";
import { evenPairs, tokenFactors } from "./token-rows.ts";

/**
 * How the Transformer is cut into stages. A microbatch's sentences are padded to the longest of
 * any, source or target, so that every tensor between stages has as many positions.
 */
export function translationStages(options: TranslationOptions): StagedProblem {
  const { backend, labelSmoothing, seed = 0 } = options;
  const definition = async (read: Parameters<StagedProblem["open"]>[1]) => {
    const { key } = translationFactsOf(options);
    const bytes = await readNetwork(read, key);
    return { bytes, key, takesLink: false, backend };
  };
  return {
    async cut(read, request) {
      const { cutModel } = await import("../../tfjs/cut-model.ts");
      // Measured as long as sentences may be: what fits then fits always.
      const longest = request.rows.values.length / request.rows.count / 2;
      const inputs = (values: Float32Array, examples: number) =>
        sentenceInputs(values, examples, longest);
      return cutModel({ ...(await definition(read)), inputs, positions: longest }, request);
    },
    async initial(read, random) {
      const { drawModel } = await import("../../tfjs/cut-model.ts");
      return drawModel(await definition(read), random);
    },
    tallyLength: 4,
    tally(outputs, { values, targets }) {
      const { labels, rows, tokens } = judged(options, outputs, targets, values);
      return tallyOfSums([tokenLoss(outputs, labels, rows, { labelSmoothing, tokens }, null)]);
    },
    scores: () => null,
    open: (file, read) =>
      stageEngine(JSON.stringify([file, labelSmoothing, backend, seed]), () => load(file, read)),
    load,
  };

  async function load(...[file, read]: Parameters<StagedProblem["load"]>) {
    const bytes = await readNetwork(read, file);
    const { openStageEngine } = await import("../../tfjs/stage-engine.ts");
    const loss = stageLoss(options);
    const inputs = (values: Float32Array, examples: number) => sentenceInputs(values, examples);
    return openStageEngine(bytes, file, { backend, loss, seed, inputs });
  }
}

/** The network's inputs by their names, sides as long as each other. */
function sentenceInputs(values: Float32Array, examples: number, least = 1) {
  const { source, decoderInput } = evenPairs(values, examples, least);
  const shape = [examples, source.length];
  return {
    source: { shape, data: source.tokens },
    target: { shape, data: decoderInput.tokens },
  };
}

function stageLoss(options: TranslationOptions): OutputLoss {
  return (outputs, targets, values, slopes) => {
    const { labels, rows, tokens } = judged(options, outputs, targets, values);
    const factors = tokenFactors(labels, targets);
    const judge = { labelSmoothing: options.labelSmoothing, tokens, factors };
    return tokenLoss(outputs, labels, rows, judge, slopes ?? null).loss;
  };
}

/** What scores [row, position, token] are compared with. */
function judged(
  options: TranslationOptions,
  outputs: Float32Array,
  { length: rows }: Float32Array,
  values: Float32Array,
) {
  const { tokens } = translationFactsOf(options);
  const positions = outputs.length / (rows * tokens);
  return { rows, tokens, labels: evenPairs(values, rows, positions).labels };
}
