import { RunError } from "../../core/errors.ts";
import { normalCdf } from "../../math/normal.ts";
import { smallestAbove } from "../accountants/bisect.ts";
import { muOf } from "../accountants/gaussian.ts";
import { rdpEpsilon } from "../accountants/rdp.ts";
import { calibrate, calibrateSketch, type PrivacyBudget } from "../calibrate.ts";
import type { Adjacency, GaussianRelease, MechanismUse, SketchRelease } from "../release.ts";
import {
  additiveVariance,
  type InformationUnit,
  natsOf,
  type ProtectedUnit,
  projectionVariance,
} from "./mutual-information.ts";

/** How data are released: themselves with noise, or random mixtures of them with noise. */
export type ReleaseScheme = "additive" | "projection";

export type Guarantee =
  | ({ readonly kind: "differential"; readonly adjacency: Adjacency } & PrivacyBudget)
  | {
      readonly kind: "mutual-information";
      readonly epsilon: number;
      readonly unit: InformationUnit;
      readonly protects: ProtectedUnit;
    };

export interface ReleaseRequest {
  readonly scheme: ReleaseScheme;
  readonly guarantee: Guarantee;
  /** What every number, or every row's norm, is clipped to. Public. */
  readonly bound: number;
  readonly columns: number;
  /** How many mixtures; of no meaning to the additive scheme. */
  readonly rows: number;
  /** The least eigenvalue that the other rows have: 0, or a public number, or a private one's. */
  readonly hidden: number;
}

/** The noise that a request needs, and what publishing costs. */
export interface CalibratedRelease {
  readonly variance: number;
  /** Empty under mutual information, which accountants of (epsilon, delta) do not know. */
  readonly releases: readonly MechanismUse[];
}

/** From a guarantee to noise. Needs nothing of the data themselves. */
export function calibrateRelease(request: ReleaseRequest): CalibratedRelease {
  const { guarantee, scheme } = request;
  if (guarantee.kind === "mutual-information") return underInformation(request, guarantee);
  if (scheme === "additive") return additive(request, guarantee);
  refuseUnlessZeroOut(guarantee.adjacency);
  const sketch = calibrateSketch(guarantee, request.rows);
  return sketched(request, sketch, []);
}

/** As it was charged, by whatever accountant said then how much noise is enough. */
export function calibratedBefore(
  { bound, hidden }: ReleaseRequest,
  sketch: SketchRelease,
): CalibratedRelease {
  return { variance: Math.max(0, sketch.margin * bound * bound - hidden), releases: [sketch] };
}

/** A lower bound of the least eigenvalue, private by itself, and what it costs. */
export interface PrivateEigenvalue {
  readonly hidden: number;
  readonly release: GaussianRelease;
  /** The probability that it is no lower bound: a part of delta. */
  readonly failure: number;
}

/** The noise on an eigenvalue, chosen before it is drawn: a tenth of the budget is its own. */
export function eigenvalueNoise(
  budget: PrivacyBudget,
  bound: number,
): { readonly sensitivity: number; readonly sigma: number; readonly failure: number } {
  const failure = budget.delta * share;
  // Without one row of norm C, D'D loses C^2 in one direction.
  const sensitivity = bound * bound;
  const sigma = sensitivity / muOf(budget.epsilon * share, budget.delta * share);
  return { sensitivity, sigma, failure };
}

const share = 0.1;

/** What is certain of an eigenvalue after noise, but for the failure's probability. */
export function lowerBound(noised: number, sigma: number, failure: number): number {
  const z = smallestAbove(0, 4, (at) => normalCdf(-at) <= failure, 1e-9);
  return Math.max(0, noised - z * sigma);
}

/** The sketch that, after the eigenvalue, is left of the budget. */
export function calibrateAfterEigenvalue(
  request: ReleaseRequest,
  eigenvalue: PrivateEigenvalue,
): CalibratedRelease {
  const { guarantee } = request;
  if (guarantee.kind !== "differential")
    throw new RunError("bad-option", "--least-eigenvalue: private, under mutual information", {
      hint: "give a public number or 0, or a guarantee by --delta",
    });
  refuseUnlessZeroOut(guarantee.adjacency);
  const delta = guarantee.delta - eigenvalue.failure;
  const sketch = (margin: number): SketchRelease => ({
    mechanism: "sketch",
    adjacency: "zero-out",
    rows: request.rows,
    margin,
  });
  const holds = (margin: number) =>
    rdpEpsilon([eigenvalue.release, sketch(margin)], delta).value <= guarantee.epsilon;
  const result = sketch(smallestAbove(1, 10, holds, 1e-9));
  return sketched({ ...request, hidden: eigenvalue.hidden }, result, [eigenvalue.release]);
}

function sketched(
  { bound, hidden }: ReleaseRequest,
  sketch: SketchRelease,
  before: readonly MechanismUse[],
): CalibratedRelease {
  const square = bound * bound;
  const variance = Math.max(0, sketch.margin * square - hidden);
  // Where more is hidden than need be, the budget spent is less than the one allowed.
  const margin = (variance + hidden) / square;
  return { variance, releases: [...before, { ...sketch, margin }] };
}

function additive(
  { bound }: ReleaseRequest,
  guarantee: Guarantee & PrivacyBudget,
): CalibratedRelease {
  const adjacency = guarantee.kind === "differential" ? guarantee.adjacency : "zero-out";
  if (adjacency === "add-remove")
    throw new RunError("bad-adjacency", "adjacency add-remove: the released rows can be counted", {
      hint: "choose zero-out or replace-one",
    });
  const sensitivity = adjacency === "replace-one" ? 2 * bound : bound;
  const releases = calibrate(guarantee, { adjacency, sensitivities: [sensitivity] });
  return { variance: releases[0]!.sigma ** 2, releases };
}

function underInformation(
  { scheme, bound, columns, rows, hidden }: ReleaseRequest,
  { epsilon, unit, protects }: Guarantee & { readonly kind: "mutual-information" },
): CalibratedRelease {
  const nats = natsOf(epsilon, unit);
  const what = { unit: protects, bound, columns };
  const variance =
    scheme === "additive"
      ? additiveVariance(nats, what)
      : projectionVariance(nats, rows, hidden, what);
  return { variance, releases: [] };
}

function refuseUnlessZeroOut(adjacency: Adjacency): void {
  if (adjacency === "zero-out") return;
  throw new RunError("bad-adjacency", `adjacency ${adjacency}: mixtures are known under zero-out`, {
    hint: "choose zero-out, or the additive scheme",
  });
}
