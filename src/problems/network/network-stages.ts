import type { OutputLoss } from "../../tfjs/trainer-contract.ts";
import type { StagedProblem } from "../staged-problem.ts";
import { readNetwork, stageEngine } from "../stored-networks.ts";
import { overClassShares } from "./class-shares.ts";
import { losses, overRows } from "./losses.ts";
import { scoresOf, tallyOutputs } from "./network-metrics.ts";
import { type NetworkOptions, networkFactsOf, outputsOf } from "./network-options.ts";

/** How a network is cut into stages, and how they are opened. */
export function networkStages(options: NetworkOptions): StagedProblem {
  const { backend, seed = 0 } = options;
  const takesLink = losses[options.loss].link !== undefined;
  return {
    async cut(read, request) {
      const { key } = networkFactsOf(options);
      const bytes = await readNetwork(read, key);
      const { cutModel } = await import("../../tfjs/cut-model.ts");
      const hasClasses = losses[options.loss].link === "softmax";
      return cutModel({ bytes, key, takesLink, backend, hasClasses }, request);
    },
    async initial(read, random) {
      const { key } = networkFactsOf(options);
      const bytes = await readNetwork(read, key);
      const { drawModel } = await import("../../tfjs/cut-model.ts");
      return drawModel({ bytes, key, takesLink, backend }, random);
    },
    // See `tallyOutputs`.
    tallyLength: losses[options.loss].target === "classes" ? 5 : 7,
    tally: (outputs, rows) => tallyOutputs(options, outputs, rows),
    scores: (outputs, rows) => scoresOf(options, outputs, rows),
    open: (file, read) =>
      stageEngine(JSON.stringify([file, options.loss, backend, seed]), () => load(file, read)),
    load,
  };

  async function load(...[file, read]: Parameters<StagedProblem["load"]>) {
    const bytes = await readNetwork(read, file);
    const { openStageEngine } = await import("../../tfjs/stage-engine.ts");
    const { positions, width } = outputsOf(options);
    const ofScores = overRows(losses[options.loss], positions, width);
    const ofShares = overClassShares(positions, width);
    const loss: OutputLoss = (outputs, targets, ...rest) =>
      outputs.length === targets.length * positions * width
        ? ofScores(outputs, targets, ...rest)
        : ofShares(outputs, targets, ...rest);
    return openStageEngine(bytes, file, { backend, loss, seed });
  }
}
