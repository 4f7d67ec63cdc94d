import { createOrchestratorFunction } from "../src/platform/cloud/orchestrator-function.ts";

const { KOFN_DAILY_USD } = process.env;

export const handler = createOrchestratorFunction({
  bucket: process.env.KOFN_BUCKET ?? "kofn",
  worker: process.env.KOFN_WORKER ?? "worker",
  networkWorker: process.env.KOFN_NETWORK_WORKER ?? "network-worker",
  dailyUsd: KOFN_DAILY_USD === undefined ? undefined : Number(KOFN_DAILY_USD),
});
