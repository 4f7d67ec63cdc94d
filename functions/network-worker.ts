import { createWorkerFunction } from "../src/platform/cloud/worker-function.ts";

/** The worker for networks: the same, in a bundle that holds what computes them. */
export const handler = createWorkerFunction({ bucket: process.env.KOFN_BUCKET ?? "kofn" });
