import { RunError } from "../../core/errors.ts";
import { nearest } from "../../core/text.ts";
import type { Guarantee, ReleaseRequest, ReleaseScheme } from "../../privacy/release/calibrate.ts";
import { informationUnits, protectedUnits } from "../../privacy/release/mutual-information.ts";
import { type Adjacency, adjacencies } from "../../privacy/release.ts";

/** The options as commander parses them: numbers are still text. */
export interface ReleaseOptions {
  readonly set: readonly string[];
  readonly scheme?: string;
  readonly epsilon?: string;
  readonly delta?: string;
  readonly adjacency?: string;
  readonly unit?: string;
  readonly protects?: string;
  readonly bound?: string;
  readonly norm?: string;
  readonly rows?: string;
  readonly leastEigenvalue?: string;
  readonly ranges?: string;
  readonly budget?: string;
  readonly output?: string;
  readonly forecast?: boolean;
  readonly json?: boolean;
}

/** The request before the data are read. */
export interface ReleaseInput {
  readonly scheme: ReleaseScheme;
  readonly guarantee: Guarantee;
  /** The bound that each number is clipped to. */
  readonly entry: number;
  /** The bound that each row's norm is clipped to, where clipped numbers do not imply it. */
  readonly norm: number | null;
  readonly rows: number | null;
  readonly hidden: number | "private";
  /** The budget of all releases of these data; infinite where none is given. */
  readonly budget: number;
}

/** Checks the options. The guarantee must be explicit: two units of privacy differ by a factor. */
export function releaseInputOf(options: ReleaseOptions): ReleaseInput {
  const scheme = oneOf(options.scheme ?? "", ["projection", "additive"] as const, "--scheme");
  const norm = options.norm === undefined ? null : positive(options.norm, "--norm");
  const hidden = hiddenOf(options.leastEigenvalue ?? "0");
  const rows = options.rows === undefined ? null : positive(options.rows, "--rows");
  if (rows !== null && !Number.isInteger(rows))
    throw bad("--rows", "a whole number", String(rows), "it is how many mixtures are released");
  return {
    scheme,
    guarantee: guaranteeOf(options),
    entry: positive(options.bound ?? "1", "--bound"),
    norm,
    rows,
    hidden,
    budget:
      options.budget === undefined
        ? Number.POSITIVE_INFINITY
        : positive(options.budget, "--budget"),
  };
}

/** The request once it is known how many columns there are. */
export function releaseRequestOf(input: ReleaseInput, columns: number): ReleaseRequest {
  const { scheme, guarantee, entry, hidden } = input;
  // A row of k numbers of size B has norm B sqrt(k) at most.
  const norm = Math.min(input.norm ?? Number.POSITIVE_INFINITY, entry * Math.sqrt(columns));
  const isEntry = guarantee.kind === "mutual-information" && guarantee.protects === "entry";
  const rows = input.rows ?? usualRowsPerColumn * columns;
  if (scheme === "projection" && rows < columns)
    throw bad("--rows", `at least ${columns}, one for each column`, String(rows), "give more");
  const bound = isEntry ? entry : norm;
  return { scheme, guarantee, bound, columns, rows, hidden: hidden === "private" ? 0 : hidden };
}

/** A public choice, as the best one depends on the data: the sketch then costs about 5 percent. */
const usualRowsPerColumn = 20;

function guaranteeOf(options: ReleaseOptions): Guarantee {
  const epsilon = positive(needed(options.epsilon, "--epsilon"), "--epsilon");
  if (options.delta !== undefined) {
    if (options.unit !== undefined || options.protects !== undefined)
      throw bad(
        "--unit and --protects",
        "neither with --delta",
        "both",
        "they say what mutual information is counted in",
      );
    const delta = positive(options.delta, "--delta");
    const names = Object.keys(adjacencies) as Adjacency[];
    const adjacency = oneOf(options.adjacency ?? "zero-out", names, "--adjacency");
    return { kind: "differential", epsilon, delta, adjacency };
  }
  if (options.unit === undefined)
    throw new RunError("ambiguous-privacy", "--epsilon: neither --delta nor --unit was given", {
      hint: "give --delta 1e-5 for (epsilon, delta), or --unit nats|bits for mutual information",
    });
  if (options.adjacency !== undefined)
    throw bad(
      "--adjacency",
      "none with --unit",
      options.adjacency,
      "mutual information protects an entry or a row: --protects",
    );
  const unit = oneOf(options.unit, informationUnits, "--unit");
  const protects = oneOf(options.protects ?? "entry", protectedUnits, "--protects");
  return { kind: "mutual-information", epsilon, unit, protects };
}

function hiddenOf(text: string): number | "private" {
  if (text === "private") return text;
  return text === "0" ? 0 : positive(text, "--least-eigenvalue");
}

function oneOf<Name extends string>(text: string, names: readonly Name[], flag: string): Name {
  const match = names.find((name) => name === text);
  if (match !== undefined) return match;
  throw bad(
    flag,
    `one of ${names.join(", ")}`,
    JSON.stringify(text),
    `${nearest(text, names)}choose one of ${names.join(", ")}`,
  );
}

function positive(text: string, flag: string): number {
  const value = Number(text);
  if (text.trim() !== "" && Number.isFinite(value) && value > 0) return value;
  throw bad(flag, "a number above 0", JSON.stringify(text), `write it like ${flag} 1`);
}

function needed(text: string | undefined, flag: string): string {
  if (text !== undefined) return text;
  throw bad(flag, "a number above 0", "nothing", "see kofn release --help");
}

function bad(flag: string, expected: string, got: string, hint: string): RunError {
  return new RunError("bad-value", `${flag}: expected ${expected}, got ${got}`, { hint });
}
