import * as z from "zod";
import { type Definition, define } from "../../core/registry.ts";
import type { PartsStanding, Stepper } from "../optimizer.ts";
import {
  advance,
  beforeFirst,
  type CoreState,
  copied,
  tensorSums,
  type UpdateRule,
} from "./core.ts";
import { isByRows, movesAllBecause, stepByParts } from "./steps-by-parts.ts";

/** A method as people choose it; a run's stepper and a TensorFlow.js optimizer are made of it. */
export interface Adaptive<Shape extends z.ZodRawShape = z.ZodRawShape> {
  readonly name: string;
  readonly summary: string;
  readonly reference: string;
  readonly options: Shape;
  readonly examples: readonly object[];
  method(options: z.output<z.ZodObject<Shape>>): UpdateRule;
}

/** Keeps the types of the options. */
export function defineAdaptive<Shape extends z.ZodRawShape>(one: Adaptive<Shape>): Adaptive<Shape> {
  return one;
}

/** What all of them are asked: rate, schedule and clipping. */
export function common(learningRate: number) {
  return {
    learningRate: z
      .number()
      .positive()
      .default(learningRate)
      .describe(
        "how far a step goes; runs by rounds and local-steps that leave it out get one that fits " +
          "their data, with what goes with it: see optimizers.md",
      ),
    schedule: scheduleOption.describe("how the learning rate goes on"),
    clip: z
      .number()
      .positive()
      .optional()
      .describe("the longest gradient: a longer one is shortened to this norm"),
  };
}

/** Decoupled: w <- w - rate decay w, beside the gradient's step. */
export function decayOption(weightDecay: number) {
  return z
    .number()
    .min(0)
    .default(weightDecay)
    .describe(
      "decoupled weight decay: w - rate * decay * w before a step; where the shapes of weights " +
        "are known, those with one dimension (biases, gains) are left alone",
    );
}

/** For methods that take every number by itself. */
export const lazyOption = z
  .boolean()
  .optional()
  .describe(
    "rows of an embedding that no gradient touches stay as they are, their moments too, and do " +
      "not decay: less memory and other results; see sparse-gradients.md",
  );

export function betaOption(beta: number, doc: string) {
  return z.number().min(0).lt(1).default(beta).describe(doc);
}

export function epsilonOption(epsilon: number) {
  return z
    .number()
    .positive()
    .default(epsilon)
    .describe("added to the root in the denominator; the larger, the more like plain momentum");
}

/** What `common` asks, as a method is handed it. */
export function withSchedule({
  learningRate,
  schedule,
  clip,
}: Paced): Pick<UpdateRule, "rateAt" | "clip"> {
  return { rateAt: (step) => learningRate * rateShareAt(schedule, step), clip };
}

type Paced = z.output<z.ZodObject<ReturnType<typeof common>>>;

/** The member of the optimizers' registry. Whatever the weights, a move leaves its inputs alone. */
export function stepperOf(one: Adaptive): Definition<z.ZodRawShape, Stepper> {
  const { name, summary, reference, options, examples } = one;
  return define({
    name,
    summary,
    reference,
    options,
    examples,
    create: (chosen) => stepper(one.method(chosen)) as unknown as Stepper,
  });
}

function stepper(method: UpdateRule): Stepper<CoreState> {
  const { core } = method;
  const learned = core.learned?.bind(core);
  return {
    searches: false,
    proximal: false,
    needsCurvature: false,
    start: () => beforeFirst,
    stepSize: ({ round = 0 }) => method.rateAt(round),
    move(memory, here) {
      const weights = new Float64Array(here.weights);
      const gradientPoint = core.asksAhead === true ? new Float64Array(here.asked) : weights;
      const { gradient, stepSize: rate, tensors, sums } = here;
      const next = advance(method, copied(memory), {
        weights,
        asked: gradientPoint,
        gradient,
        rate,
        tensors,
        sums,
      });
      return { memory: next, weights, ask: core.asksAhead === true ? gradientPoint : null };
    },
    ...(method.clip === undefined && core.sums === undefined
      ? {}
      : {
          sums: (memory, { gradient, tensors }) => tensorSums(method, memory, gradient, tensors),
        }),
    ...(isByRows(method)
      ? { moveParts: (memory: CoreState, here: PartsStanding) => stepByParts(method, memory, here) }
      : { movesAll: movesAllBecause(method) }),
    ...(method.lazy === true ? { lazy: true as const } : {}),
    ...(learned === undefined
      ? {}
      : { learned: (memory) => (memory.step === 0 ? {} : learned(memory)) }),
  };
}

/** How the learning rate goes on, step by step. */
export const scheduleOption = z
  .strictObject({
    type: z
      .enum(["constant", "cosine", "inverse", "inverse-sqrt"])
      .default("constant")
      .describe(
        "constant; cosine: down to `floor` over `steps`; inverse: see `after`; inverse-sqrt, as " +
          "published for the Transformer: at step n from 1, min(n / warmUp, sqrt(warmUp / n))",
      ),
    warmUp: z.int().min(0).default(0).describe("steps over which the rate first rises from 0"),
    steps: z.int().min(1).optional().describe("cosine: the step from which the rate is `floor`"),
    floor: z.number().min(0).max(1).default(0).describe("cosine: the end, as part of the rate"),
    after: z
      .number()
      .positive()
      .default(1)
      .describe("inverse: the rate times (after / (after + t))^power at step t, from 0"),
    power: z.number().positive().default(1).describe("inverse: 0.5 for 1 / sqrt(t)"),
  })
  .refine(({ type, steps, warmUp }) => type !== "cosine" || (steps ?? 0) > warmUp, {
    message: "cosine needs steps, and more of them than warmUp",
  })
  .refine(({ type, warmUp }) => type !== "inverse-sqrt" || warmUp > 0, {
    message: "inverse-sqrt needs warmUp, the step at which the rate is highest",
  })
  .prefault({});

export type RateSchedule = z.output<typeof scheduleOption>;

/** The part of the learning rate that step `step`, counted from 0, takes. */
export function rateShareAt(schedule: RateSchedule, step: number): number {
  const { type, warmUp, steps = 0, floor, after, power } = schedule;
  if (step < warmUp) return (step + 1) / warmUp;
  if (type === "constant") return 1;
  if (type === "inverse-sqrt") return Math.sqrt(warmUp / (step + 1));
  const since = step - warmUp;
  if (type === "inverse") return (after / (after + since)) ** power;
  const done = Math.min(1, since / (steps - warmUp));
  return floor + ((1 - floor) * (1 + Math.cos(Math.PI * done))) / 2;
}
