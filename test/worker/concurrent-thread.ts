import { parentPort, workerData } from "node:worker_threads";
import { endOf } from "./concurrent-runs.ts";

// A thread of its own for the test: makes these runs side by side and tells how they ended.
const ends = await Promise.all((workerData as object[]).map(endOf));
parentPort!.postMessage(ends);
