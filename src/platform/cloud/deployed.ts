/**
 * The functions as `infra/` deploys them. Made by `npm run infra` from a rehearsal of the
 * deployment: edit `infra/`, not this file.
 */
export const deployed = {
  killSwitch: {
    handler: "kill-switch.handler",
    memoryMb: 256,
    timeoutMs: 30000,
    architecture: "arm64",
    variables: ["KOFN_FUNCTIONS"],
  },
  networkWorker: {
    handler: "network-worker.handler",
    memoryMb: 1769,
    timeoutMs: 120000,
    architecture: "arm64",
    tenancy: "PER_TENANT",
    publish: true,
    variables: ["KOFN_BUCKET"],
  },
  orchestrator: {
    handler: "orchestrator.handler",
    memoryMb: 1769,
    timeoutMs: 900000,
    architecture: "arm64",
    publish: true,
    durable: {
      executionTimeoutSeconds: 604800,
    },
    variables: ["KOFN_BUCKET", "KOFN_DAILY_USD", "KOFN_NETWORK_WORKER", "KOFN_WORKER"],
  },
  predictor: {
    handler: "predictor.handler",
    memoryMb: 1769,
    timeoutMs: 30000,
    architecture: "arm64",
    variables: ["KOFN_BUCKET", "KOFN_PREDICT"],
  },
  preparer: {
    handler: "preparer.handler",
    memoryMb: 3538,
    timeoutMs: 900000,
    architecture: "arm64",
    variables: ["KOFN_BUCKET"],
  },
  worker: {
    handler: "worker.handler",
    memoryMb: 1769,
    timeoutMs: 120000,
    architecture: "arm64",
    tenancy: "PER_TENANT",
    publish: true,
    variables: ["KOFN_BUCKET"],
  },
} as const;
