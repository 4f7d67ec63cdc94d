import * as z from "zod";
import { common, decayOption, defineAdaptive, epsilonOption, withSchedule } from "../adaptive.ts";
import { type Core, zeros } from "../core.ts";
import {
  type CoefficientLearning,
  coefficientBounds,
  coefficientNames,
  learnCoefficients,
  type MadaCoefficients,
  named,
  perCoefficient,
} from "./coefficients.ts";
import { factorsAt, type MadaShape } from "./factors.ts";
import { finishMadaStep, type MadaSlots, madaMove } from "./passes.ts";

const hyperRate = 2.5e-3;

const start = (name: keyof typeof coefficientBounds, value: number, doc: string) => {
  const [least, most] = coefficientBounds[name];
  return z.number().min(least).max(most).default(value).describe(doc);
};

const each = (number: z.ZodNumber) =>
  z.union([
    number,
    z.strictObject(
      Object.fromEntries(coefficientNames.map((name) => [name, number.optional()])) as Record<
        (typeof coefficientNames)[number],
        z.ZodOptional<z.ZodNumber>
      >,
    ),
  ]);

/** An optimizer that learns which optimizer it is. */
export const mada = defineAdaptive({
  name: "mada",
  summary: "learns while it trains where between Adam, AVGrad, Yogi, Adan and Lion to be",
  reference: "Ozkara, Karakus, Raman, Hong, Sabach, Kveton, Cevher, MADA, ICML 2024",
  options: {
    ...common(0.001),
    beta1: start("beta1", 0.9, "how long the mean of gradients remembers, to begin with"),
    beta2: start("beta2", 0.95, "how long the mean of their squares remembers, to begin with"),
    beta3: start("beta3", 0, "how much of the gradients' differences is in it (Adan), at first"),
    rho: start("rho", 0, "the last mean square (1, Adam) or the mean of all (0, AVGrad), at first"),
    c: start("c", 1, "squares as they come (1, Adam) or by their sign (0, Yogi), at first"),
    gamma: start("gamma", 1, "the adaptive step (1) or a sign's (0, Lion), at first"),
    epsilon: epsilonOption(1e-8),
    hyperLearningRate: each(z.number().min(0))
      .default(hyperRate)
      .describe(
        "how fast coefficients are learned: for all six, or by name; alpha, a factor of the " +
          "learning rate, is learned only if it is named",
      ),
    hyperMomentum: each(z.number().min(0).lt(1))
      .default({ gamma: 0 })
      .describe("of the hyper-gradients, for all or by name; 0.5 where nothing is said"),
    hyperClip: z.number().positive().default(10).describe("the longest hyper-gradient"),
    delay: z.int().min(0).default(50).describe("steps before the first coefficient moves"),
    freeze: z
      .union([z.literal("all"), z.array(z.enum(coefficientNames))])
      .default([])
      .describe("coefficients that stay as they are"),
    denom: z
      .enum(["avg", "max"])
      .default("avg")
      .describe(
        "what rho = 0 is: the mean of all mean squares (AVGrad) or their maximum (AMSGrad)",
      ),
    debias: z
      .enum(["shared", "branch", "none"])
      .default("shared")
      .describe(
        "divide v and its mean by 1 - beta2^t, the mean by what it holds of a constant, or nothing",
      ),
    compat: z
      .enum(["clean", "published"])
      .default("clean")
      .describe("published: start, Lion's order and derivatives as in the authors' code"),
    weightDecay: decayOption(0),
  },
  examples: [
    { learningRate: 0.02 },
    { learningRate: 0.02, delay: 2, denom: "max", freeze: ["gamma"], hyperMomentum: 0 },
    {
      learningRate: 0.02,
      delay: 0,
      debias: "branch",
      hyperLearningRate: { rho: 0.1, alpha: 0.01 },
    },
    { learningRate: 0.02, delay: 0, gamma: 0.9, beta3: 0.1, compat: "published" },
  ],
  method({ epsilon, denom, debias, compat, weightDecay, ...options }) {
    const { delay, hyperClip, freeze, hyperLearningRate, hyperMomentum } = options;
    const usual = everywhere(hyperRate);
    const rates = { ...perCoefficient(hyperLearningRate, { ...usual, alpha: 0 }) };
    for (const name of freeze === "all" ? coefficientNames : freeze) rates[name] = 0;
    const momenta = perCoefficient(hyperMomentum, everywhere(0.5));
    const first = { ...everywhere(1), ...pick(options) };
    const learning = { rates, momenta, delay, clip: hyperClip };
    const core = madaCore(first, { epsilon, denom, debias, compat }, learning);
    return { core, ...withSchedule(options), weightDecay };
  },
});

function everywhere(value: number): MadaCoefficients {
  return Object.fromEntries(coefficientNames.map((name) => [name, value])) as MadaCoefficients;
}

function pick(options: Omit<MadaCoefficients, "alpha">): Omit<MadaCoefficients, "alpha"> {
  const { beta1, beta2, beta3, rho, c, gamma } = options;
  return { beta1, beta2, beta3, rho, c, gamma };
}

type Name = "q" | "momenta" | "rate";

/**
 * One step: first the last one is finished, which tells what it owed to the coefficients it was
 * taken with; they are moved, and the new step is taken with what they have become.
 */
function madaCore(
  first: MadaCoefficients,
  shape: MadaShape,
  learning: CoefficientLearning,
): Core<keyof MadaSlots, Name> {
  const isLearning = Object.values(learning.rates).some((rate) => rate > 0);
  return {
    start: (length) => ({
      slots: zeros(length, "m", "n", "v", "w", "lion", "g", "gBefore"),
      numbers: {
        q: Float64Array.from(coefficientNames, (name) => first[name]),
        momenta: new Float64Array(coefficientNames.length),
        rate: new Float64Array(1),
      },
    }),
    step({ step, slots, numbers: { q, momenta, rate } }, here) {
      const { weights, gradient, scale, sums } = here;
      if (step === 0) begin(slots, gradient, scale, shape);
      else {
        const own = finishMadaStep(slots, gradient, scale, factorsAt(named(q), step, shape));
        const slopes = sums ?? own;
        if (isLearning && step >= learning.delay)
          learnCoefficients(q, momenta, slopes, rate[0]!, learning);
      }
      rate[0] = here.rate;
      const coefficients = named(q);
      madaMove(
        slots,
        weights,
        here.rate * coefficients.alpha,
        factorsAt(coefficients, step + 1, shape),
      );
    },
    ...(isLearning
      ? {
          sums: ({ step, slots, numbers }, gradient) =>
            step === 0
              ? new Float64Array(coefficientNames.length)
              : finishMadaStep(slots, gradient, 1, factorsAt(named(numbers.q), step, shape)),
        }
      : {}),
    learned: ({ numbers: { q } }) => named(q),
  };
}

/** The first gradient differs from none; the published code starts from other means. */
function begin(
  { g, gBefore, n, v, w }: MadaSlots,
  h: Float64Array,
  scale: number,
  { compat }: MadaShape,
): void {
  for (let i = 0; i < h.length; i++) g[i] = scale * h[i]!;
  if (compat === "clean") gBefore.set(g);
  else {
    v.fill(1e-15);
    w.fill(1e-15);
    for (let i = 0; i < h.length; i++) n[i] = g[i]! * g[i]!;
  }
}

/**
 * Options like `options` with the coefficients that a run ended with (what `learned` told), to
 * train again from the first step with those frozen.
 */
export function finalState<Options extends { readonly learningRate: number }>(
  options: Options,
  learned: Readonly<Record<string, number>>,
): Options & Record<string, unknown> {
  const { alpha = 1, ...six } = learned;
  return { ...options, ...six, learningRate: options.learningRate * alpha, freeze: "all" };
}
