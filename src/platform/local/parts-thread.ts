import { parentPort, workerData } from "node:worker_threads";
import { problems } from "../../problems/registry.ts";
import { gramOf, tallyParts } from "../../run/parts-pool.ts";
import { storeIn } from "./home.ts";
import type { PartsJob, ThreadTallies } from "./parts-threads.ts";

/** A thread that goes through its share of stored parts, and ends. */
const job = workerData as PartsJob;
const store = storeIn(job.home);
if (job.kind === "gram") {
  const sums: Float64Array[] = [];
  for (const work of job.works) sums.push(await gramOf(store, work));
  parentPort?.postMessage(sums);
} else {
  const { tallies, areas } = await tallyParts(store, problems.create(job.problem), job);
  const told: ThreadTallies = { tallies, areas: areas.map((area) => area.rows()) };
  parentPort?.postMessage(told);
}
