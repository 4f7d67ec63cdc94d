import * as z from "zod";
import { type Feedback, feedbackOption } from "../compression/feedback.ts";
import { compressors } from "../compression/registry.ts";
import { type Chosen, parseOptions } from "../core/registry.ts";
import type { dataSchema } from "../data/options.ts";
import { functions } from "../limits.ts";
import type { PrivacyOptions } from "../privacy/options.ts";
import { reductionTypes } from "../quorum/reduction.ts";
import type { Wait } from "../quorum/wait-policies/wait.ts";
import type { ReporterName } from "../reporters/reporter.ts";

export const stopSchema = z.strictObject({
  rounds: z.int().min(0).max(1_000_000).default(100).describe("the most rounds"),
  tolerance: z
    .number()
    .min(0)
    .default(1e-6)
    .describe(
      "stop when no more than this is left of the gradient, as a part of the most that it can be " +
        "at a loss so large; of networks, as a part of the objective",
    ),
  seconds: z.number().positive().optional().describe("the most seconds"),
  dollars: z
    .number()
    .positive()
    .optional()
    .describe("the most dollars for workers: no task starts that could go over"),
  patience: z
    .number()
    .positive()
    .default(60)
    .describe("seconds without any reply after which a run gives up, its checkpoint kept"),
});

/** What a spec may leave to the planner, by the word `auto`. */
export const autoKeys = ["workers", "wait", "encoding"] as const;

export type AutoKey = (typeof autoKeys)[number];

/** What a person writes, complete: names and numbers only, every choice resolved. */
export interface RunSpec {
  readonly problem: Chosen;
  readonly data: z.output<typeof dataSchema>;
  readonly workers: number;
  readonly wait: Wait;
  readonly encoding: Chosen;
  readonly strategy: Chosen;
  readonly optimizer: Chosen;
  /** With `feedback` among its options; absent for none. */
  readonly compression?: Chosen;
  /** How gradients of tables are told, where the spec says so; `auto` where absent. */
  readonly gradients?: GradientChoice;
  /** How gradients are added up, where not by the orchestrator. */
  readonly reduction?: ReductionOptions;
  readonly privacy?: PrivacyOptions;
  readonly stop: z.output<typeof stopSchema>;
  /** Where the run is told besides; absent for nowhere. */
  readonly report?: readonly ReporterName[];
  readonly seed: number;
  /** As written; whoever plays weather checks it. */
  readonly weather: Readonly<Record<string, unknown>> | null;
  /** What the planner has yet to choose; the values above are the usual ones. Absent after that. */
  readonly auto?: readonly AutoKey[];
  /** Options of the optimizer in units of the data, until these are read. Absent after that. */
  readonly openRate?: readonly string[];
}

/** How gradients of tables that rows are looked up in are told. */
export const gradientChoices = ["auto", "dense", "gather"] as const;

export type GradientChoice = (typeof gradientChoices)[number];

export const reductionSchema = z.strictObject({
  type: z
    .enum(["auto", ...reductionTypes])
    .default("auto")
    .describe(
      "who adds up gradients: star, one function; tree, functions of fanIn each; scatter, a " +
        "function for each shard of the weights; auto, by the formula the quickest that fits one",
    ),
  shards: z.int().min(1).max(64).default(8).describe("scatter: how many shards, at most"),
  fanIn: z.int().min(2).max(64).default(4).describe("tree: how many a function adds up"),
});

export type ReductionOptions = z.output<typeof reductionSchema>;

/** Of every compressor in a spec, beside its own options. */
export const compressionOptions = {
  feedback: feedbackOption,
  down: z
    .union([z.string(), z.looseObject({ type: z.string() })], "expected a compressor")
    .optional()
    .describe(
      "weights on their way down, by a compressor and its options: told as compressed changes of " +
        "those that workers have, what is left out in later ones; as they are where absent",
    ),
};

const compressionSchema = z.strictObject(compressionOptions);

/** A spec's `compression`, complete: the compressor's options, with `feedback` and `down`. */
export function resolveCompression(config: { readonly type: string }): Chosen {
  const { feedback: written, down: chosen, ...rest } = config as Chosen;
  const given = { feedback: written, ...(chosen === undefined ? {} : { down: chosen }) };
  const { feedback, down } = parseOptions(compressionSchema, given, "compression");
  const named = typeof down === "string" ? { type: down } : down;
  return {
    ...compressors.resolve(rest as Chosen, "compression"),
    feedback,
    ...(named === undefined ? {} : { down: compressors.resolve(named, "compression.down") }),
  };
}

/** What a resolved `compression` says: float32 as it is where it is absent. */
export function compressionOf(resolved: Chosen | undefined): {
  readonly compression: Chosen;
  readonly feedback: Feedback;
  /** Of weights on their way down; null: as they are. */
  readonly down: Chosen | null;
} {
  if (resolved === undefined)
    return { compression: { type: "none" }, feedback: "none", down: null };
  const { feedback, down = null, ...compression } = resolved;
  return {
    compression: compression as Chosen,
    feedback: feedback as Feedback,
    down: down as Chosen | null,
  };
}

/** Megabytes of the functions that the run's workers are. */
export function workerMemoryMb({ weather }: Pick<RunSpec, "weather">): number {
  const played = weather?.memoryMb;
  return typeof played === "number" ? played : functions.worker.memoryMb;
}
