import { RunError } from "../../core/errors.ts";
import type { StageEngine } from "../../model-parallel/staged-model.ts";
import type { StagedProblem } from "../staged-problem.ts";
import { losses, overRows } from "./losses.ts";
import { scoresOf, tallyOutputs } from "./network-metrics.ts";
import { type NetworkOptions, networkFactsOf, outputsOf } from "./network-options.ts";

/** Stages that a process keeps ready; an environment of Lambda has those of one worker. */
const openMax = 64;
const opened = new Map<string, Promise<StageEngine>>();

/** How a network is cut into stages, and how they are opened. */
export function networkStages(options: NetworkOptions): StagedProblem {
  const { backend, seed = 0 } = options;
  const takesLink = losses[options.loss].link !== undefined;
  return {
    async cut(read, request) {
      const { key } = networkFactsOf(options);
      const bytes = await present(read, key);
      const { cutModel } = await import("../../tfjs/cut-model.ts");
      return cutModel({ bytes, key, takesLink, backend }, request);
    },
    async initial(read, random) {
      const { key } = networkFactsOf(options);
      const bytes = await present(read, key);
      const { drawModel } = await import("../../tfjs/cut-model.ts");
      return drawModel({ bytes, key, takesLink, backend }, random);
    },
    // See `tallyOutputs`.
    tallyLength: losses[options.loss].target === "classes" ? 5 : 7,
    tally: (outputs, rows) => tallyOutputs(options, outputs, rows),
    scores: (outputs, rows) => scoresOf(options, outputs, rows),
    async open(file, read) {
      const name = JSON.stringify([file, options.loss, backend, seed]);
      const engine = opened.get(name) ?? load(file, read);
      opened.delete(name);
      opened.set(name, engine);
      engine.catch(() => opened.delete(name));
      for (const [oldest, idle] of opened) {
        if (opened.size <= openMax) break;
        opened.delete(oldest);
        (await idle).close();
      }
      return engine;
    },
  };

  async function load(file: string, read: Parameters<StagedProblem["open"]>[1]) {
    const bytes = await present(read, file);
    const { openStageEngine } = await import("../../tfjs/stage-engine.ts");
    const { positions, width } = outputsOf(options);
    const loss = overRows(losses[options.loss], positions, width);
    return openStageEngine(bytes, file, { backend, loss, seed });
  }
}

async function present(
  read: (key: string) => Promise<Uint8Array | null>,
  key: string,
): Promise<Uint8Array> {
  const bytes = await read(key);
  if (bytes !== null) return bytes;
  throw new RunError("network-gone", `${key} is not in the store`, {
    hint: "start the run anew from its spec: kofn run SPEC",
  });
}
