import { parentPort, workerData } from "node:worker_threads";
import { stockNetwork } from "./stock.ts";

/** Stock TensorFlow.js on a thread of its own, where nothing of kofn's is registered. */
const { rows, classes, columns, batch } = workerData as {
  rows: Float32Array;
  classes: Float32Array;
  columns: number;
  batch: number;
};
const stock = await stockNetwork(rows, classes, columns, batch);
parentPort!.on("message", () => {
  void stock.epoch().then((ms) => parentPort!.postMessage(ms));
});
parentPort!.postMessage(stock.version);
