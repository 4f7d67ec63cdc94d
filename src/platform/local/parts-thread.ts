import { parentPort, type Transferable, workerData } from "node:worker_threads";
import { RunError } from "../../core/errors.ts";
import { keepParts } from "../../data/parts/load-parts.ts";
import { problems } from "../../problems/registry.ts";
import { relativeDualityGap } from "../../run/duality-gap.ts";
import { modelFigures } from "../../run/model-figures.ts";
import { measuresOf } from "../../run/model-measures.ts";
import { gramOf, tallyParts } from "../../run/parts-pool.ts";
import { storeIn } from "./home.ts";
import type { PartsJob, ThreadTallies } from "./parts-threads.ts";
import type { CrewAnswer } from "./thread-crew.ts";

/** Of rows that are gone through for every model of a curve. */
const keptBytesMax = 64 * 1024 * 1024;

/** A thread that goes through stored parts, one job after the other. */
const store = storeIn((workerData as { readonly home: string }).home);
keepParts(store, keptBytesMax);

async function done(job: PartsJob): Promise<unknown> {
  if (job.kind === "gram") {
    const sums: Float64Array[] = [];
    for (const work of job.works) sums.push(await gramOf(store, work));
    return sums;
  }
  const problem = problems.create(job.problem);
  if (job.kind === "tally") {
    const { tallies, areas } = await tallyParts(store, problem, job);
    return { tallies, areas: areas.map((area) => area.rows()) } satisfies ThreadTallies;
  }
  const { weights } = job;
  if (job.kind === "measures") return measuresOf(store, job.prepared, problem, weights, job.rows);
  const { prepared } = job;
  if (job.kind === "figures") return modelFigures(store, prepared, problem, weights);
  return relativeDualityGap(store, prepared, problem, async () => weights);
}

/** Scores are moved: there are as many as rows. */
function transfersOf(job: PartsJob, result: unknown): Transferable[] {
  if (job.kind !== "tally") return [];
  const { areas } = result as ThreadTallies;
  return areas.flatMap(({ first, second }) => [first.buffer, second.buffer] as ArrayBuffer[]);
}

parentPort?.on("message", (job: PartsJob) => {
  void done(job).then(
    (result) => parentPort?.postMessage({ result } satisfies CrewAnswer, transfersOf(job, result)),
    (thrown: unknown) => {
      if (!(thrown instanceof RunError)) throw thrown;
      const { code, message, hint } = thrown;
      const refusal = hint === undefined ? { code, message } : { code, message, hint };
      parentPort?.postMessage({ refusal } satisfies CrewAnswer);
    },
  );
});
