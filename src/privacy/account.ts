import { RunError } from "../core/errors.ts";
import { pureEpsilon, zcdpEpsilon } from "./accountants/additive.ts";
import { gaussianEpsilon, gaussianMu } from "./accountants/gaussian.ts";
import { pldDelta, pldEpsilon } from "./accountants/pld.ts";
import { rdpDelta, rdpEpsilon } from "./accountants/rdp.ts";
import { sketchDelta, sketchEpsilon } from "./accountants/sketch.ts";
import { type Adjacency, adjacencyOf, type MechanismUse } from "./release.ts";

/** What a list of releases comes to at one delta, by every accountant that knows them. */
export interface Account {
  readonly adjacency: Adjacency | null;
  readonly delta: number;
  /** The smallest that any of them proves. */
  readonly epsilon: number;
  /** Exact, of normal noise alone, and of one sketch. */
  readonly exact: number | null;
  /** By privacy losses; certified from above. Null where they are not known or beyond the grid. */
  readonly pld: number | null;
  /** By Renyi divergences of whole orders, and the order that proved it; infinite for none. */
  readonly rdp: number;
  readonly rdpOrder: number;
  /** The same over all orders. */
  readonly rdpReal: number;
  readonly zcdp: number | null;
  /** With no delta at all. */
  readonly pure: number | null;
  /** Normal noise alone: neighbours are as hard to tell as N(0, 1) and N(mu, 1). */
  readonly mu: number | null;
}

/**
 * Accounts for releases. A pure fold: neither their order nor how they are grouped matters. Throws
 * `RunError` where no accountant proves a finite epsilon.
 */
export function accountReleases(releases: readonly MechanismUse[], delta: number): Account {
  checkDelta(delta);
  const adjacency = adjacencyOf(releases);
  const exact = gaussianEpsilon(releases, delta) ?? sketchEpsilon(releases, delta);
  const pure = pureEpsilon(releases);
  const pld = pldEpsilon(releases, delta);
  const zcdp = zcdpEpsilon(releases, delta);
  const rdp = rdpEpsilon(releases, delta, "integer");
  const rdpReal = rdpEpsilon(releases, delta, "real").value;
  const bounds = [exact, pure, pld, zcdp, rdp.value, rdpReal].filter(isProven);
  if (bounds.length === 0) throw nothingProven(delta);
  return {
    adjacency,
    delta,
    epsilon: Math.min(...bounds),
    exact,
    pld,
    rdp: rdp.value,
    rdpOrder: rdp.order,
    rdpReal,
    zcdp,
    pure,
    mu: gaussianMu(releases),
  };
}

/** The smallest delta that any accountant proves at `epsilon`. */
export function deltaOf(releases: readonly MechanismUse[], epsilon: number): number {
  const pure = pureEpsilon(releases);
  if (pure !== null && pure <= epsilon) return 0;
  const [only] = releases;
  if (releases.length === 1 && only?.mechanism === "sketch") return sketchDelta(only, epsilon);
  const bounds = [rdpDelta(releases, epsilon).value, pldDelta(releases, epsilon)].filter(isProven);
  return Math.min(1, ...bounds);
}

/** An accountant's value that says anything. */
function isProven(value: number | null): value is number {
  return value !== null && Number.isFinite(value);
}

function nothingProven(delta: number): RunError {
  return new RunError(
    "no-bound",
    `epsilon: no accountant proves any at delta ${delta}: there is next to no noise, and numbers ` +
      "run out of range before a bound comes out",
    {
      hint: "give more noise, a thousandth of the sensitivity or more, or fewer steps",
    },
  );
}

export function checkDelta(delta: number): void {
  if (delta > 0 && delta < 1) return;
  throw new RunError("bad-value", `delta: expected a number above 0 and below 1, got ${delta}`, {
    hint: "take it well below one over the number of records, such as 1e-5",
  });
}
