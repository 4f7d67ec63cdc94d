import * as z from "zod";
import { parseOptions } from "../core/registry.ts";
import { type LatencyModel, probability } from "./latency.ts";
import { latencyModels } from "./registry.ts";

/** How the platform behaves: a latency model and the rates of faults. */
export interface Weather {
  readonly latency: LatencyModel;
  readonly failures: number;
  readonly hangs: number;
  readonly duplicates: number;
  readonly deadSlots: readonly number[];
  readonly coldStartMs: number;
  /** Of a simulated task: besides computing, and for every million stored numbers. */
  readonly baseMs: number;
  readonly workMsPerMillion: number;
  readonly memoryMb?: number | undefined;
  readonly s3Errors: number;
}

/** What every weather has besides its model's own options. */
export const commonOptions = {
  failures: probability
    .default(0)
    .describe("the share of invocations whose environment crashes, half each before and after"),
  hangs: probability.default(0).describe("the share that stays silent until its time-out"),
  duplicates: probability.default(0).describe("the share that is run twice"),
  deadSlots: z
    .array(z.number().int().min(0))
    .default([])
    .describe("slots whose environments always crash before the work"),
  coldStartMs: z
    .number()
    .min(0)
    .max(60_000)
    .default(0)
    .describe("the median time a cold start takes at least, log-normal with 13 % spread"),
  baseMs: z
    .number()
    .min(0)
    .max(900_000)
    .default(8)
    .describe("simulated runs: what a task takes besides its lateness and its computing"),
  workMsPerMillion: z
    .number()
    .min(0)
    .default(1.5)
    .describe("simulated runs: what computing takes for every million stored numbers"),
  memoryMb: z
    .int()
    .min(128)
    .max(10_240)
    .optional()
    .describe("megabytes of the worker's functions; those of the deployed ones where absent"),
  s3Errors: probability
    .default(0)
    .describe("the share of S3 requests answered 503, 500, 409 (conditional writes) or reset"),
};

/**
 * The spec's `weather` with every default filled in; plain data, and a fixed point. Throws
 * `RunError` naming the path. The model's own options stand beside the common ones.
 */
export type WeatherConfig = { readonly model: string } & Readonly<Record<string, unknown>>;

export function resolveWeather(written: unknown, path = "weather"): WeatherConfig {
  const { model, shared, own } = split(written, path);
  const { type, ...options } = latencyModels.resolve({ type: model, ...own }, path);
  return { model: type, ...options, ...parseOptions(z.strictObject(commonOptions), shared, path) };
}

/** The weather of a config, checked as by `resolveWeather`. */
export function weatherFrom(written: unknown, path = "weather"): Weather {
  const { model, shared, own } = split(resolveWeather(written, path), path);
  const rates = parseOptions(z.strictObject(commonOptions), shared, path);
  return { ...rates, latency: latencyModels.create({ type: model, ...own }) };
}

/** For a spec's schema: any weather, resolved later by `resolveWeather`. */
export const weatherSchema = z.looseObject({
  model: z.string().default("lambda").describe("the name of a latency model"),
});

function split(written: unknown, path: string) {
  const { model, ...rest } = parseOptions(weatherSchema, written ?? {}, path);
  const entries = Object.entries(rest);
  return {
    model,
    shared: Object.fromEntries(entries.filter(([key]) => key in commonOptions)),
    own: Object.fromEntries(entries.filter(([key]) => !(key in commonOptions))),
  };
}
