import type { RunInput } from "../../src/run/resolve-spec.ts";

/** What is trained, but for who takes part and how updates are told. */
export interface Training {
  readonly name: string;
  readonly spec: Pick<RunInput, "problem" | "data">;
  /** Rounds of six replies. */
  readonly rounds: number;
  /** The workers' own: scale / (shift + t) after t local steps of all 8. */
  readonly scale: number;
  readonly shift: number;
  readonly batch: number;
  readonly k: string;
  /** The outer optimizer's, where there is one: its rate multiplies the workers'. */
  readonly outerRate: number;
}

export interface Sizes {
  readonly digits: string;
  readonly text: string;
  readonly digitsRounds: number;
  readonly textRounds: number;
}

export function trainings({ digits, text, digitsRounds, textRounds }: Sizes): Training[] {
  return [
    {
      name: "convolutional, digits",
      spec: {
        problem: { type: "network", model: `${import.meta.dirname}/convolutional.ts` },
        data: { source: digits, target: "digit", test: 0.2 },
      },
      rounds: digitsRounds,
      scale: 20,
      shift: 100,
      batch: 8,
      k: "25%",
      outerRate: 0.01,
    },
    {
      name: "transformer, characters",
      spec: {
        problem: { type: "network", model: `${import.meta.dirname}/characters.ts` },
        data: { source: text, text: { vocabulary: "characters", length: 32 }, test: 0.1 },
      },
      rounds: textRounds,
      scale: 200,
      shift: 200,
      batch: 8,
      k: "25%",
      outerRate: 0.01,
    },
  ];
}

export const workers = 8;
export const quorum = 6;
export const localSteps = 4;

/** Who takes part and how updates are told. */
export interface Circumstance {
  readonly name: string;
  /** Late, failing and compressed; on the platform that the bench was asked for. */
  readonly disturbed: boolean;
  readonly outer?: { readonly type: "mada"; readonly hyperLearningRate: number };
  /** One local step a round, as many rounds more: what bits are compared with. */
  readonly dense?: true;
  /** Weights go down compressed too, and 5 % of the replies are a second late. */
  readonly bothWays?: true;
}

/** A change is some ten times smaller than a gradient, so its hyper-gradients are as well. */
const mada = { type: "mada", hyperLearningRate: 1 } as const;

export const circumstances: readonly Circumstance[] = [
  { name: "undisturbed, uncompressed", disturbed: false },
  { name: "6 of 8, failures, sign-top-k", disturbed: true },
  { name: "the same, MADA outside", disturbed: true, outer: mada },
  { name: "dense SGD", disturbed: false, dense: true },
  { name: "both ways, 5 % late", disturbed: true, bothWays: true },
];

/** What is told of weights on their way down, and so many times the rounds make up for it. */
const down = { type: "top-k", k: "12%" } as const;
const longer = 1.5;
const late = { model: "late", probability: 0.05, delayMs: 1_000 } as const;

/** The same number of replies in all, whoever takes part: all 8, or the first 6 of every round. */
export function specOf(training: Training, circumstance: Circumstance): RunInput {
  const { disturbed, outer, dense, bothWays } = circumstance;
  const { spec, batch, k, outerRate } = training;
  const steps = dense ? 1 : localSteps;
  const rounds = Math.round(((bothWays ? longer : 1) * training.rounds * localSteps) / steps);
  // The same rate at the same number of samples: rounds of 6 are shorter than rounds of 8.
  const slower = disturbed ? workers / quorum : 1;
  const [scale, shift] = [slower * training.scale, slower * training.shift];
  const learningRate = { schedule: "inverse" as const, scale, shift };
  const schedule = { type: "cosine", steps: rounds } as const;
  return {
    ...spec,
    workers,
    encoding: "uncoded",
    strategy: { type: "local-steps", steps, batch, learningRate },
    ...(outer === undefined ? {} : { optimizer: { ...outer, learningRate: outerRate, schedule } }),
    stop: { rounds: disturbed ? rounds : Math.round((rounds * quorum) / workers), tolerance: 0 },
    seed: 7,
    ...(disturbed
      ? {
          wait: { fastest: quorum },
          compression: {
            type: "sign-top-k",
            k,
            ...(bothWays && { down }),
          },
          weather: {
            ...(bothWays ? late : ({ model: "lambda" } as const)),
            ...{ failures: "3%", duplicates: "2%" },
          },
        }
      : { wait: "all", weather: { model: "calm" } }),
  };
}
