/**
 * What AWS allows and charges, in one place: the planner forecasts with it, the emulator enforces
 * it and `infra/` deploys with it. Prices: us-east-1, November 2026, on demand, first tier.
 */
const MiB = 1024 * 1024;

export const awsLambda = {
  memoryMbMin: 128,
  memoryMbMax: 10_240,
  /** One virtual processor at this much memory. */
  memoryMbPerCpu: 1_769,
  timeoutMsMax: 900_000,
  initTimeoutMs: 10_000,
  syncPayloadBytesMax: 6 * MiB,
  asyncPayloadBytesMax: 1 * MiB,
  /** What one step of a durable execution may keep as its result. */
  durableResultBytesMax: MiB / 4,
  streamedReplyBytesMax: 200 * MiB,
  environmentVariableBytesMax: 4096,
  /** Of an account; new ones begin with 10 or 50. */
  concurrencyDefault: 1_000,
  /** What an account must leave for functions without a reservation; all, where it has less. */
  unreservedMin: 100,
  /**
   * Tenant-aware environments, active or idle, for each 1,000 of the function's concurrency: of its
   * reservation, or, where it has none, of what the account leaves unreserved.
   */
  tenantEnvironmentsPer1000: 2_500,
  /** New environments of one function in ten seconds. */
  scalingPer10s: 1_000,
  asyncRetriesMax: 2,
  idleReclaimMs: 300_000,
} as const;

export const prices = {
  asOf: "2026-11",
  region: "us-east-1",
  usdPerGbSecond: { x86_64: 0.0000166667, arm64: 0.0000133334 },
  usdPerRequest: 0.2 / 1e6,
  /** A tenant's new environment, per GB of memory; a launch-time figure, not confirmed since. */
  usdPerTenantEnvironmentGb: 0.000167,
  s3: { usdPerPut: 0.005 / 1e3, usdPerGet: 0.0004 / 1e3, usdPerGbMonth: 0.023 },
  /** From AWS to the internet, above the 100 GB a month that are free. */
  usdPerGbEgress: 0.09,
  durable: { usdPerOperation: 8 / 1e6, usdPerGbWritten: 0.25, usdPerGbMonthRetained: 0.15 },
} as const;

export type Architecture = keyof typeof prices.usdPerGbSecond;

const arm64: Architecture = "arm64";

/** What the functions are deployed with; the emulator uses the same. */
export const functions = {
  runtime: "nodejs24.x",
  worker: { memoryMb: 1_769, timeoutMs: 120_000, architecture: arm64 },
  orchestrator: { memoryMb: 1_769, timeoutMs: 900_000, architecture: arm64 },
  predictor: { memoryMb: 1_769, timeoutMs: 30_000, architecture: arm64 },
  /** Rows go through its disk, in as many bytes as numbers take. */
  preparer: { memoryMb: 3_538, timeoutMs: 900_000, architecture: arm64, diskGb: 10 },
} as const;

/** A bucket that a stage reads data from, or a folder in it. */
export const dataBucketNames = /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](?:\/[^*?/]+)*$/;

/** What a published model may be called: a part of a key, and of a permission. */
export const predictorNames = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;

/** kofn's own bounds. */
export const bounds = {
  /** Tensors above this travel as an object in the store instead of in the invocation. */
  inlineBytesMax: 4 * MiB,
  /** Environments one slot may keep busy at once before it counts as lost. */
  environmentsPerSlot: 3,
  workersMax: 1_024,
  /** Slots are 16-bit numbers in shards; a simulation has no other bound. */
  simulatedWorkersMax: 65_536,
  /** A simulated run with more replies than this tells most of them in sums. */
  repliesToldMax: 500_000,
  /** One stored piece of a shard. */
  shardPartBytes: 8 * MiB,
  headerBytesMax: 64 * MiB,
  /** Objects above this go to S3 in parts of this size. */
  objectPartBytes: 16 * MiB,
} as const;

/** How many requests S3 charges for putting an object of this size. */
export function putRequests(bytes: number): number {
  const { objectPartBytes } = bounds;
  return bytes <= objectPartBytes ? 1 : Math.ceil(bytes / objectPartBytes) + 2;
}

/** One invocation, as Lambda charges for it. */
export interface BilledInvocation {
  /** Whole milliseconds, the environment's start among them. */
  readonly billedMs: number;
  readonly memoryMb: number;
  /** The worker's, where it is absent. */
  readonly architecture?: Architecture;
  /** A tenant's environment started for it. */
  readonly startsTenant?: boolean;
  /** Of an event that ran twice, of which one environment is known. */
  readonly times?: number;
}

/** Dollars for one invocation: computing, request, and a tenant's new environment. */
export function invocationUsd({
  billedMs,
  memoryMb,
  architecture = functions.worker.architecture,
  startsTenant = false,
  times = 1,
}: BilledInvocation): number {
  const usd = computeUsd(gbSeconds(billedMs, memoryMb), architecture) + prices.usdPerRequest;
  return times * usd + (startsTenant ? tenantEnvironmentUsd(memoryMb) : 0);
}

export function gbSeconds(billedMs: number, memoryMb: number): number {
  return (billedMs / 1000) * (memoryMb / 1024);
}

/** Dollars for computing alone, without requests. */
export function computeUsd(gbSeconds: number, architecture: Architecture): number {
  return gbSeconds * prices.usdPerGbSecond[architecture];
}

/** Dollars for the start of a tenant's environment. */
export function tenantEnvironmentUsd(memoryMb: number): number {
  return prices.usdPerTenantEnvironmentGb * (memoryMb / 1024);
}
