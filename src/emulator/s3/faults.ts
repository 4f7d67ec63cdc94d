import { type Random, randomFrom } from "../../core/random.ts";

/** How the local S3 misbehaves. Probabilities between 0 and 1; absent means never. */
export interface S3Faults {
  readonly seed?: number | string;
  /** 503 SlowDown, before anything is done. */
  readonly slowDown?: number;
  /** 500 InternalError, before anything is done. */
  readonly internalError?: number;
  /** 409 ConditionalRequestConflict on writes that carry a condition. */
  readonly conflict?: number;
  /** The connection breaks: half of the times before the work, half after it was done. */
  readonly reset?: number;
  /** The connection breaks in the middle of the reply's body. */
  readonly cut?: number;
  /** Mean of the added latency, exponentially distributed. */
  readonly latencyMs?: number;
  /** So many times 503 SlowDown for every operation on a key before it is carried out. */
  readonly slowDownFirst?: number;
  /** Listings come in pages of so many keys, whatever is asked for. */
  readonly pageKeysMax?: number;
  /** How far the server's clock is ahead of this machine's. */
  readonly clockAheadMs?: number;
  /** Temporary keys, which come with a token, expire after so many requests signed with them. */
  readonly requestsPerKey?: number;
}

export type Fault =
  | "slow-down"
  | "internal-error"
  | "conflict"
  | "reset-before"
  | "reset-after"
  | "cut";

export interface S3FaultDecision {
  readonly fault: Fault | undefined;
  readonly delayMs: number;
}

/**
 * What happens to a request: a function of the seed, the operation, the key and how many times that
 * was asked before, whatever other requests do.
 */
export function faultModel(faults: S3Faults): (operation: string, key: string) => S3FaultDecision {
  const random = randomFrom(faults.seed ?? 0);
  const attempts = new Map<string, number>();
  return (operation, key) => {
    const label = `${operation}/${key}`;
    const attempt = attempts.get(label) ?? 0;
    attempts.set(label, attempt + 1);
    if (attempt < (faults.slowDownFirst ?? 0)) return { fault: "slow-down", delayMs: 0 };
    return decisionOf(faults, random.fork(`${label}/${attempt}`));
  };
}

function decisionOf(faults: S3Faults, random: Random): S3FaultDecision {
  const delayMs = -Math.log(1 - random.uniform()) * (faults.latencyMs ?? 0);
  const draw = random.uniform();
  const half = (faults.reset ?? 0) / 2;
  const table: readonly (readonly [Fault, number])[] = [
    ["slow-down", faults.slowDown ?? 0],
    ["internal-error", faults.internalError ?? 0],
    ["conflict", faults.conflict ?? 0],
    ["reset-before", half],
    ["reset-after", half],
    ["cut", faults.cut ?? 0],
  ];
  let sum = 0;
  for (const [fault, probability] of table) {
    sum += probability;
    if (draw < sum) return { fault, delayMs };
  }
  return { fault: undefined, delayMs };
}

export function isFaulty(faults: S3Faults): boolean {
  const { slowDown, slowDownFirst, internalError, conflict, reset, cut, latencyMs } = faults;
  const rates = [slowDown, slowDownFirst, internalError, conflict, reset, cut, latencyMs];
  return rates.some((value) => (value ?? 0) > 0);
}
