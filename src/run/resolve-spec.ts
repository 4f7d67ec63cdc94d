import * as z from "zod";
import { allOrRefusal, assert, RunError } from "../core/errors.ts";
import { asMapping } from "../core/json.ts";
import { parseOptions } from "../core/registry.ts";
import { dataSchema } from "../data/options.ts";
import { encodings } from "../encoding/registry.ts";
import { bounds } from "../limits.ts";
import { privacySchema } from "../privacy/options.ts";
import type { Problem } from "../problems/problem.ts";
import { problems } from "../problems/registry.ts";
import { reductionTypes } from "../quorum/reduction.ts";
import { waitSchema } from "../quorum/wait-policies/wait.ts";
import { reporterNames } from "../reporters/reporter.ts";
import type { SpecChoices } from "../spec/choices/spec.ts";
import {
  autoKeys,
  type GradientChoice,
  gradientChoices,
  type ReductionOptions,
  type RunSpec,
  reductionSchema,
  resolveCompression,
  stopSchema,
} from "../spec/run-spec.ts";
import { acceptsProblem } from "../strategies/accepts.ts";
import { strategies } from "../strategies/registry.ts";
import { resolveOptimizer } from "./usual-rate.ts";

const named = z.looseObject({ type: z.string().describe("the member's name") });

/** `{ type: ridge, l2: 0.05 }`, or the name alone. */
const choice = z.union([z.string(), named], "expected a name or { type: name, ... }");

/** A spec before its choices are resolved. */
export const specSchema = z.strictObject({
  problem: choice.describe("what is minimised"),
  data: z.looseObject({}).describe("where the rows are and how they become features"),
  workers: z
    .int()
    .min(1)
    .max(bounds.simulatedWorkersMax)
    .default(16)
    .describe("how many workers; auto leaves it to the planner"),
  wait: waitSchema.optional(),
  encoding: choice
    .optional()
    .describe("how rows are stored redundantly; auto leaves it to the planner, as wait: auto does"),
  strategy: choice
    .optional()
    .describe("how training proceeds; rounds usually, alternating for ratings"),
  optimizer: choice
    .optional()
    .describe("how weights move; l-bfgs usually, fista where there is an l1 penalty"),
  compression: choice
    .optional()
    .describe(
      "how updates are told in few bits, with `feedback`: error-feedback, ef21 or none, and " +
        "`down`, a compressor of weights; for strategy: local-steps",
    ),
  gradients: z
    .enum(gradientChoices)
    .optional()
    .describe(
      "how the gradient of an embedding is told: auto, by its rows where those are fewer bytes " +
        "(the usual way); dense; gather, every contribution by itself, for comparison",
    ),
  sparseAsDense: z
    .boolean()
    .optional()
    .describe("true is gradients: dense, as other libraries call it; false is gradients: auto"),
  reduction: z
    .union([z.enum(["auto", ...reductionTypes]), reductionSchema])
    .optional()
    .describe(
      "functions add gradients up, through the store; the orchestrator does where it is absent",
    ),
  privacy: privacySchema
    .optional()
    .describe("what nobody may learn of whom: the budget of a private run; strategy: gossip"),
  stop: stopSchema.prefault({}).describe("when to stop"),
  report: z
    .array(z.enum(reporterNames))
    .optional()
    .describe(
      "where the run is told besides: otlp, a trace for an OpenTelemetry collector; mlflow, a " +
        "run of an MLflow server; jsonl and csv, files in the run's folder",
    ),
  seed: z.int().min(0).default(1).describe("what all randomness hangs on"),
  weather: z
    .looseObject({})
    .optional()
    .describe("how the emulated platform behaves: emulated and simulated runs only"),
});

/** A spec as a TypeScript file writes it. */
export type RunInput = SpecChoices;

/** Gives a spec written in TypeScript its types. */
export function defineRun(spec: RunInput): RunInput {
  return spec;
}

/**
 * Checks a spec as parsed from a file and fills in defaults. Throws `RunError` naming path, value,
 * expectation and the nearest valid name; combinations are checked by `resolveMembers`.
 */
export function resolveSpec(input: unknown): RunSpec {
  if (typeof input !== "object" || input === null || Array.isArray(input)) {
    throw new RunError("bad-spec", "the spec is not a mapping of settings", {
      hint: "it begins like  problem: { type: ridge }  with data: below it",
    });
  }
  const auto = autoKeys.filter((key) => isAuto((input as Record<string, unknown>)[key]));
  const written = Object.entries(input).filter(([key]) => !(auto as string[]).includes(key));
  const spec = checkParts(Object.fromEntries(written));
  const problem = problems.resolve(asConfig(spec.problem), "problem");
  const minimised = problems.create(problem);
  const chosen = asConfig(spec.strategy ?? usualStrategy(minimised));
  const strategy = strategies.resolve(chosen, "strategy");
  const { usual, workers: ownWorkers } = strategies.create(strategy);
  const workers =
    "workers" in input && !isAuto(input.workers) ? spec.workers : (ownWorkers ?? spec.workers);
  const { isQuadratic, l1, ownIntercepts } = minimised;
  const own = ownIntercepts === true ? { intercept: false } : {};
  const rowsEncoding = usualEncoding(isQuadratic, workers);
  const encoding = spec.encoding ?? usual?.encoding ?? rowsEncoding;
  const wanted = spec.optimizer ?? usual?.optimizer ?? (l1 > 0 ? "fista" : "l-bfgs");
  const setting = { strategy, problem: minimised, rounds: spec.stop.rounds };
  const { optimizer, open } = resolveOptimizer(asConfig(wanted), setting);
  return {
    problem,
    data: withMembership(parseOptions(dataSchema, { ...own, ...spec.data }, "data"), spec),
    workers,
    wait: spec.wait ?? usual?.wait ?? { fastest: Math.max(1, Math.ceil(workers * 0.75)) },
    encoding: encodings.resolve(asConfig(encoding), "encoding"),
    strategy,
    optimizer,
    ...gradientChoice(spec),
    ...(spec.reduction === undefined ? {} : { reduction: resolveReduction(spec.reduction) }),
    ...(spec.privacy === undefined ? {} : { privacy: spec.privacy }),
    ...(spec.compression === undefined
      ? {}
      : { compression: resolveCompression(asConfig(spec.compression)) }),
    stop: spec.stop,
    ...(spec.report === undefined || spec.report.length === 0 ? {} : { report: spec.report }),
    seed: spec.seed,
    weather: spec.weather ?? null,
    ...(auto.length === 0 ? {} : { auto }),
    ...(open.length === 0 ? {} : { openRate: open }),
  };
}

/** The spec as written, its parts checked with it: one answer names all that is wrong. */
function checkParts(written: Readonly<Record<string, unknown>>): z.output<typeof specSchema> {
  const { data, problem, encoding, strategy } = written;
  let spec: z.output<typeof specSchema> | undefined;
  allOrRefusal<unknown>([
    () => {
      spec = parseOptions(specSchema, written, "");
    },
    () => asMapping(data) && parseOptions(dataSchema, data, "data"),
    () => isChoice(problem) && problems.resolve(asConfig(problem), "problem"),
    () => isChoice(encoding) && encodings.resolve(asConfig(encoding), "encoding"),
    () => isChoice(strategy) && strategies.resolve(asConfig(strategy), "strategy"),
  ]);
  assert(spec !== undefined, "a spec that is not refused is there");
  return spec;
}

function isChoice(value: unknown): value is string | { readonly type: string } {
  return typeof value === "string" || typeof asMapping(value)?.type === "string";
}

/** Under add-remove each record decides by itself where it is: one less moves nobody else. */
function withMembership(data: RunSpec["data"], { privacy }: z.output<typeof specSchema>) {
  if (privacy?.adjacency !== "add-remove" || privacy.unit !== "record") return data;
  return { ...data, membership: data.membership ?? "records" };
}

function resolveReduction(written: string | ReductionOptions): ReductionOptions {
  return typeof written === "string" ? reductionSchema.parse({ type: written }) : written;
}

/** What the spec says of gradients, by either name. */
function gradientChoice({
  gradients,
  sparseAsDense,
}: Pick<z.output<typeof specSchema>, "gradients" | "sparseAsDense">): {
  readonly gradients?: GradientChoice;
} {
  if (sparseAsDense === undefined) return gradients === undefined ? {} : { gradients };
  const meant = sparseAsDense ? "dense" : "auto";
  if (gradients === undefined || gradients === meant) return { gradients: meant };
  throw new RunError(
    "bad-combination",
    `sparseAsDense: ${sparseAsDense} is gradients: ${meant}, and the spec says ${gradients}`,
    { hint: "leave sparseAsDense out" },
  );
}

/** `auto`, or `{ type: auto }` as a setting of an encoding's option makes it. */
function isAuto(value: unknown): boolean {
  return value === "auto" || (value as { type?: unknown } | null | undefined)?.type === "auto";
}

/** The first that takes the problem. */
function usualStrategy(problem: Problem): string {
  const takes = ({ name }: { readonly name: string }) =>
    acceptsProblem(strategies.create({ type: name }).accepts, problem);
  return strategies.members.find(takes)!.name;
}

function usualEncoding(mixable: boolean, workers: number): string {
  if (mixable) return "hadamard";
  return workers % 2 === 0 ? "replication" : "uncoded";
}

function asConfig(chosen: string | { readonly type: string }): { readonly type: string } {
  return typeof chosen === "string" ? { type: chosen } : chosen;
}
