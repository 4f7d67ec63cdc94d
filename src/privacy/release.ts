import * as z from "zod";
import { RunError } from "../core/errors.ts";
import { parseOptions } from "../core/registry.ts";
import { asJson } from "../core/text.ts";

/**
 * How two data sets differ that a release must not tell apart. A number without it means nothing:
 * the same noise is worth twice the epsilon and more under `replace-one`.
 */
export const adjacencies = {
  "add-remove": "one record is there or not",
  "replace-one": "one record, or one node's whole data, is any other",
  "zero-out": "one record counts nothing, its place known",
} as const;

export type Adjacency = keyof typeof adjacencies;

const adjacency = z
  .enum(Object.keys(adjacencies) as [Adjacency, ...Adjacency[]])
  .describe("how neighbouring data sets differ: add-remove, replace-one or zero-out");
const samplerNames = ["poisson", "truncated-poisson", "random-allocation", "full-batch"] as const;
/** The most steps of an epoch by random allocation. */
export const epochMax = 100_000;
const times = z
  .int()
  .min(1)
  .max(1e9)
  .default(1)
  .describe("how many such releases, each with noise of its own, each free to heed those before");
const positive = z.number().positive().finite();

/** Normal noise on a value that a neighbour moves by at most `sensitivity` in the 2-norm. */
const gaussian = z.strictObject({
  mechanism: z.literal("gaussian"),
  adjacency,
  sensitivity: z.number().min(0).finite().describe("the most that a neighbour moves the value"),
  sigma: positive.describe("the noise's standard deviation, in the value's own units"),
  times,
});

/** Laplace noise on a value that a neighbour moves by at most `sensitivity` in the 1-norm. */
const laplace = z.strictObject({
  mechanism: z.literal("laplace"),
  adjacency,
  sensitivity: z.number().min(0).finite().describe("the most that a neighbour moves the value"),
  scale: positive.describe("the noise's mean distance from zero, in the value's own units"),
  times,
});

/**
 * Sums of clipped per-record gradients over batches. The noise is told as a multiple of the clip
 * norm, which is what one record adds to a sum at most; replacing it moves the sum by twice that.
 */
const dpSgd = z.strictObject({
  mechanism: z.literal("dp-sgd"),
  adjacency,
  sampler: z
    .enum(samplerNames)
    .describe(
      "how batches are drawn: poisson (each record by its own coin), truncated-poisson (of those " +
        "at most so many), random-allocation (each record in one random step of an epoch) or " +
        "full-batch",
    ),
  cap: z
    .int()
    .min(1)
    .max(1e9)
    .optional()
    .describe(
      "truncated-poisson: the most records of a batch, a random choice where coins chose more",
    ),
  records: z
    .int()
    .min(1)
    .max(1e9)
    .optional()
    .describe("truncated-poisson: the most records that a batch is drawn from: a public number"),
  epoch: z
    .int()
    .min(2)
    .max(epochMax)
    .optional()
    .describe("random-allocation: the steps of an epoch, of which each record is in one"),
  draw: z
    .string()
    .min(1)
    .max(500)
    .optional()
    .describe(
      "random-allocation: which draw of an epoch the steps are of; absent for whole epochs",
    ),
  rate: z.number().gt(0).max(1).describe("the chance of a record to be in a batch"),
  divisor: z
    .literal("public")
    .describe("what sums are divided by: a public number, such as the expected batch size"),
  noise: positive.describe("the noise's standard deviation over the clip norm"),
  steps: z.int().min(1).max(1e9).describe("how many batches"),
});

/**
 * A secret normal mixture of rows of norm at most C, with noise: `margin` is
 * (sigma^2 + lambda_min) / C^2, where lambda_min bounds the rows' smallest eigenvalue from below.
 */
const sketch = z.strictObject({
  mechanism: z.literal("sketch"),
  adjacency: z.literal("zero-out").describe("zero-out, the one adjacency it is known under"),
  rows: z.int().min(1).max(1e9).describe("how many mixtures are released"),
  margin: z.number().gt(1).finite().describe("(sigma^2 + lambda_min) / C^2"),
});

const schemas = { gaussian, laplace, "dp-sgd": dpSgd, sketch } as const;

export type GaussianRelease = z.output<typeof gaussian>;
export type LaplaceRelease = z.output<typeof laplace>;
export type DpSgdRelease = z.output<typeof dpSgd>;
export type SketchRelease = z.output<typeof sketch>;

/** Something that was published, as accountants see it. Plain data: ledgers hold lists of these. */
export type MechanismUse = GaussianRelease | LaplaceRelease | DpSgdRelease | SketchRelease;

export type Mechanism = MechanismUse["mechanism"];

export const mechanisms = Object.keys(schemas) as readonly Mechanism[];

/**
 * Checks one release as a file or a command line gives it. Refuses what has no one meaning: no
 * adjacency, no sampler, batches that are shuffled or of a fixed size, sums over realised counts.
 */
export function parseMechanismUse(
  fields: Readonly<Record<string, unknown>>,
  path: string,
): MechanismUse {
  const schema = schemas[fields.mechanism as Mechanism];
  if (schema === undefined)
    throw new RunError(
      "unknown-name",
      `${path}: no mechanism is called ${asJson(fields.mechanism)}`,
      {
        hint: `choose one of ${mechanisms.join(", ")}`,
      },
    );
  refuseAmbiguous(fields, path);
  const release = parseOptions<MechanismUse>(schema, fields, path);
  if (release.mechanism === "dp-sgd" && release.sampler === "full-batch" && release.rate !== 1)
    throw new RunError("ambiguous-sampler", `${path}.rate: ${release.rate} with full batches`, {
      hint: "give rate 1, or sampler poisson if each record is in a batch by its own coin",
    });
  if (release.mechanism === "dp-sgd") {
    checkCap(release, path);
    checkEpoch(release, path);
  }
  return release;
}

/** A cap needs to know of how many records, and without one nothing is truncated. */
function checkCap({ sampler, cap, records, rate }: DpSgdRelease, path: string): void {
  const bad = (what: string, hint: string) =>
    new RunError("ambiguous-sampler", `${path}.${what}`, { hint });
  if (sampler !== "truncated-poisson") {
    if (cap === undefined && records === undefined) return;
    const named = cap === undefined ? "records" : "cap";
    throw bad(
      `${named}: given with sampler ${sampler}, which has none`,
      "leave it out, or choose sampler truncated-poisson",
    );
  }
  if (cap === undefined || records === undefined)
    throw bad(
      `${cap === undefined ? "cap" : "records"}: nothing given, and epsilon depends on it`,
      "give the most records of a batch (cap), and the most that it is drawn from (records)",
    );
  if (rate === 1) throw bad("rate: 1 with truncated batches", "give a rate below 1");
}

/** What random allocation costs is known for whole epochs, and for a record there or not. */
function checkEpoch({ sampler, epoch, draw, rate, adjacency }: DpSgdRelease, path: string): void {
  const bad = (what: string, hint: string) =>
    new RunError("ambiguous-sampler", `${path}.${what}`, { hint });
  if (sampler !== "random-allocation") {
    if (epoch === undefined && draw === undefined) return;
    throw bad(
      `${epoch === undefined ? "draw" : "epoch"}: given with sampler ${sampler}, which has none`,
      "leave it out, or choose sampler random-allocation",
    );
  }
  if (epoch === undefined)
    throw bad("epoch: nothing given, and epsilon depends on it", "give the steps of an epoch");
  if (Math.abs(rate * epoch - 1) > 1e-9)
    throw bad(
      `rate: ${rate}, and a record is in one of ${epoch} steps`,
      `give rate ${1 / epoch}, or leave it out`,
    );
  if (adjacency === "replace-one")
    throw bad(
      "adjacency: replace-one, under which no cost of random allocation is proven",
      "choose zero-out or add-remove, or sampler poisson",
    );
}

function refuseAmbiguous(fields: Readonly<Record<string, unknown>>, path: string): void {
  const { mechanism, adjacency: how, sampler, divisor } = fields;
  const named = (key: string, why: string, hint: string) =>
    new RunError("ambiguous-privacy", `${path}.${key}: ${why}`, { hint });
  if (how === undefined)
    throw named(
      "adjacency",
      "nothing given, and epsilon depends on it",
      `choose one of ${Object.keys(adjacencies).join(", ")}`,
    );
  if (mechanism !== "dp-sgd") return;
  if (sampler === undefined)
    throw named(
      "sampler",
      "nothing given, and the noise is worth less without random batches",
      `choose one of ${samplerNames.join(", ")}`,
    );
  if (!samplerNames.some((name) => name === sampler))
    throw named(
      "sampler",
      `no tight bound is known for batches by ${asJson(sampler)}`,
      "draw each record into each batch by its own coin (poisson), at most so many of them " +
        "(truncated-poisson), into one batch of an epoch (random-allocation), or use full batches",
    );
  if (divisor === undefined)
    throw named("divisor", "nothing given, expected public", "divide by the expected batch size");
  if (divisor !== "public")
    throw named(
      "divisor",
      `${asJson(divisor)} tells how many records there were, which nobody has paid for`,
      "divide by a public number, such as the expected batch size",
    );
}

/** The one adjacency of a list. Throws where releases were calibrated to different ones. */
export function adjacencyOf(releases: readonly MechanismUse[]): Adjacency | null {
  const adjacencies = [...new Set(releases.map((release) => release.adjacency))];
  if (adjacencies.length <= 1) return adjacencies[0] ?? null;
  throw new RunError("mixed-adjacency", `releases: under ${adjacencies.join(" and ")}`, {
    hint: "state every sensitivity under one adjacency; budgets under two do not add up",
  });
}
