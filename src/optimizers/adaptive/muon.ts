import * as z from "zod";
import type { TensorSpec } from "../../math/vector.ts";
import { adamCore } from "./adam-core.ts";
import { betaOption, common, decayOption, defineAdaptive, withSchedule } from "./adaptive.ts";
import { type Core, type Here, zeros } from "./core.ts";
import { orthogonalized } from "./newton-schulz.ts";

interface MuonFactors {
  readonly momentum: number;
  readonly learningRate: number;
  readonly otherRate: number;
  readonly others: readonly string[];
}

export const muon = defineAdaptive({
  name: "muon",
  summary: "momentum made orthogonal for matrices, AdamW for all else",
  reference: "Jordan et al., Muon, 2024",
  options: {
    ...common(0.02),
    momentum: z.number().min(0).lt(1).default(0.95).describe("of the matrices, Nesterov's"),
    others: z
      .array(z.string().min(1))
      .default(["embedding", "head", "logits"])
      .describe("matrices whose name holds one of these are left to AdamW"),
    otherRate: z.number().positive().default(3e-4).describe("AdamW's learning rate"),
    beta1: betaOption(0.9, "AdamW's: how long the mean of gradients remembers"),
    beta2: betaOption(0.95, "AdamW's: how long the mean of their squares remembers"),
    weightDecay: decayOption(0),
  },
  examples: [{}, { learningRate: 0.1, otherRate: 0.05, others: [] }],
  method: ({ momentum, others, otherRate, beta1, beta2, weightDecay, ...pace }) => ({
    core: muonCore(
      { momentum, others, otherRate, learningRate: pace.learningRate },
      adamCore({ beta1, beta2, epsilon: 1e-10 }, "last"),
    ),
    ...withSchedule(pace),
    weightDecay,
  }),
});

/**
 * A matrix of [inputs, outputs]: m <- mu m + (1 - mu) g, U = (1 - mu) g + mu m,
 * W <- W - rate sqrt(max(1, outputs / inputs)) orthogonalized(U). Other weights: Adam's step. Each
 * decays at its own rate, as in its author's two groups.
 */
function muonCore(factors: MuonFactors, adam: Core<"m" | "v">): Core<"m" | "v"> {
  const { learningRate, otherRate } = factors;
  return {
    decayShare: (piece) =>
      piece !== undefined && isMatrix(piece, factors.others) ? 1 : otherRate / learningRate,
    start: (length) => ({ slots: zeros(length, "m", "v"), numbers: {} }),
    step(state, here) {
      const { weights, asked, gradient, tensors = [] } = here;
      const rate = (here.rate * otherRate) / learningRate;
      let [start, done] = [0, 0];
      const others = (end: number) => {
        const part = (array: Here["weights"]) => array.subarray(done, end);
        const slots = { m: part(state.slots.m), v: part(state.slots.v) };
        const own = { weights: part(weights), asked: part(asked), gradient: part(gradient) };
        if (end > done) adam.step({ ...state, slots }, { ...here, ...own, rate });
      };
      for (const piece of tensors) {
        const end = start + piece.shape.reduce((product, side) => product * side, 1);
        if (isMatrix(piece, factors.others)) {
          others(start);
          turn(state.slots.m.subarray(start, end), part(here, start, end), piece, factors.momentum);
          done = end;
        }
        start = end;
      }
      others(weights.length);
    },
  };
}

function part(here: Here, start: number, end: number): Here {
  const { weights, gradient } = here;
  return {
    ...here,
    weights: weights.subarray(start, end),
    gradient: gradient.subarray(start, end),
  };
}

function turn(m: Float64Array, here: Here, { shape }: TensorSpec, momentum: number): void {
  const { weights, gradient, scale, rate } = here;
  const [inputs, outputs] = shape as readonly [number, number];
  const direction = new Float64Array(m.length);
  for (let i = 0; i < m.length; i++) {
    const g = scale * gradient[i]!;
    m[i] = momentum * m[i]! + (1 - momentum) * g;
    direction[i] = (1 - momentum) * g + momentum * m[i]!;
  }
  const step = orthogonalized(direction, inputs, outputs);
  const length = rate * Math.sqrt(Math.max(1, outputs / inputs));
  for (let i = 0; i < m.length; i++) weights[i]! -= length * step[i]!;
}

function isMatrix({ name, shape }: TensorSpec, others: readonly string[]): boolean {
  return shape.length === 2 && !others.some((other) => name.includes(other));
}
