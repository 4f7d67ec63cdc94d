import { parentPort, workerData } from "node:worker_threads";
import { blockScanner } from "./block-scanner.ts";
import type { BlockAnswer, BlockQuestion, TextJob } from "./text-blocks.ts";

/** A thread that scans blocks of one file; its numbers lie in memory that both sides share. */
const scan = blockScanner(workerData as TextJob);

parentPort?.on("message", (question: BlockQuestion) => {
  const answer: BlockAnswer = { number: question.number, ...scan(question) };
  parentPort?.postMessage(answer);
});
