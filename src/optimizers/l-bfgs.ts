import * as z from "zod";
import { define } from "../core/registry.ts";
import { addScaled, dot, norm, scaled } from "../math/vector.ts";
import type { CurvaturePair, Searcher } from "./optimizer.ts";

interface Pairs {
  readonly pairs: readonly CurvaturePair[];
}

/** Below this cosine a pair says nothing about curvature any more. */
const cosineMin = 1e-10;

/**
 * Encoded L-BFGS: d = -B g by the two-loop recursion over the last pairs, started from
 * (u'r / r'r) I of the newest. Pairs come from slots that replied in both rounds, so r = H u for
 * one quadratic and r'u >= 0. The step is an exact line search over a second quorum, shortened by
 * `backOff` when not every slot replied (Karakus et al., JMLR 2019, section on encoded L-BFGS).
 */
export const lBfgs = define({
  name: "l-bfgs",
  summary: "quasi-Newton with overlap pairs and a line search over a second quorum",
  reference: "Karakus, Sun, Diggavi, Yin, JMLR 20(72), 2019; Nocedal and Wright, algorithm 7.4",
  options: {
    memory: z.int().min(1).max(100).default(10).describe("how many pairs it remembers"),
    backOff: z
      .number()
      .gt(0)
      .max(1)
      .default(0.9)
      .describe(
        "part of the exact step taken while slots are missing; choose 0.5 or less where k of n " +
          "replies hold fewer stored rows than there are data rows",
      ),
  },
  examples: [{}, { memory: 3, backOff: 0.5 }],
  create: ({ memory: pairsMax, backOff }): Searcher<Pairs> => ({
    searches: true,
    proximal: false,
    needsCurvature: false,
    start: () => ({ pairs: [] }),
    remember(memory, pair) {
      const cosine = dot(pair.change, pair.response) / (norm(pair.change) * norm(pair.response));
      if (!(cosine > cosineMin)) return memory;
      return { pairs: [...memory.pairs, pair].slice(-pairsMax) };
    },
    direction: twoLoop,
    guess: ({ pairs }, gradientNorm) => (pairs.length === 0 ? 1 / gradientNorm : 1),
    knowsScale: ({ pairs }) => pairs.length > 0,
    backOff: (share) => (share >= 1 ? 1 : backOff),
  }),
});

function twoLoop({ pairs }: Pairs, gradient: Float64Array<ArrayBuffer>): Float64Array<ArrayBuffer> {
  const direction = scaled(-1, gradient);
  const factors = new Float64Array(pairs.length);
  for (let i = pairs.length - 1; i >= 0; i--) {
    const { change, response } = pairs[i]!;
    factors[i] = dot(change, direction) / dot(response, change);
    addScaled(direction, -factors[i]!, response);
  }
  const newest = pairs.at(-1);
  if (newest !== undefined) {
    const factor = dot(newest.change, newest.response) / dot(newest.response, newest.response);
    for (let j = 0; j < direction.length; j++) direction[j]! *= factor;
  }
  for (let i = 0; i < pairs.length; i++) {
    const { change, response } = pairs[i]!;
    const factor = dot(response, direction) / dot(response, change);
    addScaled(direction, factors[i]! - factor, change);
  }
  return direction;
}
