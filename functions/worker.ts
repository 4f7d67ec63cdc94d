import { createWorkerFunction } from "../src/backends/worker-function.ts";

export const handler = createWorkerFunction({ bucket: process.env.KOFN_BUCKET ?? "kofn" });
