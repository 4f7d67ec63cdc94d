import { createWorkerFunction } from "../src/platform/cloud/worker-function.ts";

export const handler = createWorkerFunction({ bucket: process.env.KOFN_BUCKET ?? "kofn" });
