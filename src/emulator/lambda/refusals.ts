import { randomFrom } from "../../core/random.ts";
import { throttled } from "./failures.ts";

/** How the local Lambda refuses calls of functions with tenants; absent means never. */
export interface LambdaFaults {
  readonly seed?: number | string;
  /** The share of rounds in which every slot is throttled. */
  readonly throttledRounds?: number;
  /** How often each slot is refused in such a round; once where absent. */
  readonly refusals?: number;
  /** Sent as Retry-After with every such refusal. */
  readonly retryAfterSeconds?: number;
}

/** Throws `LambdaError` 429 for a call that its round's burst of throttling meets. */
export function refusals(
  faults: LambdaFaults,
): (call: { readonly round: number; readonly slot: number }) => void {
  const random = randomFrom(faults.seed ?? 0).fork("throttling");
  const refused = new Map<string, number>();
  return ({ round, slot }) => {
    if (random.fork(`round/${round}`).uniform() >= (faults.throttledRounds ?? 0)) return;
    const name = `${round}/${slot}`;
    const count = refused.get(name) ?? 0;
    if (count >= (faults.refusals ?? 1)) return;
    refused.set(name, count + 1);
    throw throttled("ConcurrentInvocationLimitExceeded", undefined, faults.retryAfterSeconds);
  };
}
