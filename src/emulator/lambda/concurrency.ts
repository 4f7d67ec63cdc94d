import { awsLambda } from "../../limits.ts";
import { badParameter, throttled } from "./failures.ts";

/** What a function keeps for itself of the account's concurrency; undefined for nothing. */
export interface Reserving {
  reserved(): number | undefined;
  reserve(concurrency: number | undefined): void;
  /** Of all its versions. */
  load(): FleetLoad;
}

/** Environments at work, being opened included, and those that wait. */
export interface FleetLoad {
  readonly busy: number;
  readonly idle: number;
}

/** What one function may have at once: its reservation, or a share of what nobody reserved. */
export interface ConcurrencyShare {
  readonly kind: "reserved" | "unreserved";
  readonly max: number;
  /** Environments at work of all functions that have it together. */
  readonly busy: number;
}

/** The share of a function in an account's concurrency, as things are now. */
export function shareOf(
  one: Reserving,
  all: Iterable<Reserving>,
  accountConcurrency: number,
): ConcurrencyShare {
  const own = one.reserved();
  if (own !== undefined) return { kind: "reserved", max: own, busy: one.load().busy };
  const { max, busy } = unreserved(all, accountConcurrency);
  return { kind: "unreserved", max, busy };
}

/** What functions without a reservation share, and how much of it is at work. */
export function unreserved(
  all: Iterable<Reserving>,
  accountConcurrency: number,
): { readonly max: number; readonly busy: number } {
  let max = accountConcurrency;
  let busy = 0;
  for (const one of all) {
    const reserved = one.reserved();
    if (reserved === undefined) busy += one.load().busy;
    else max -= reserved;
  }
  return { max, busy };
}

/**
 * Throws `LambdaError` 429 for one call more than a function may have at once, and for one that
 * needs an environment of its tenant's more than there may be.
 */
export function admitCall(
  { busy, idle }: FleetLoad,
  share: ConcurrencyShare,
  needsTenantEnvironment: boolean,
): void {
  if (share.busy >= share.max)
    throw throttled(
      share.kind === "unreserved"
        ? "ConcurrentInvocationLimitExceeded"
        : "ReservedFunctionConcurrentInvocationLimitExceeded",
    );
  const environmentsMax = Math.ceil((share.max * awsLambda.tenantEnvironmentsPer1000) / 1000);
  if (needsTenantEnvironment && busy + idle >= environmentsMax)
    throw throttled(
      "ConcurrentInvocationLimitExceeded",
      "Rate Exceeded: too many tenant-aware environments.",
    );
}

/**
 * A reservation that an account grants beside the others'. Throws `LambdaError` for one that leaves
 * functions without any less than Lambda insists on.
 */
export function grantedReservation(
  wished: unknown,
  others: Iterable<Reserving>,
  accountConcurrency: number,
): number {
  if (typeof wished !== "number" || !Number.isInteger(wished) || wished < 0)
    throw badParameter("ReservedConcurrentExecutions: expected a whole number of at least 0");
  // Taking all of a function's concurrency away leaves the others no less.
  if (wished === 0) return 0;
  const least = Math.min(awsLambda.unreservedMin, accountConcurrency);
  if (unreserved(others, accountConcurrency).max - wished < least)
    throw badParameter(
      "Specified ReservedConcurrentExecutions for function decreases account's " +
        `UnreservedConcurrentExecution below its minimum value of [${least}].`,
    );
  return wished;
}
