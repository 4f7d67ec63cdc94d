import * as Plot from "@observablehq/plot";
import * as z from "zod";
import { adam, amsgrad, avgrad } from "../../src/optimizers/adaptive/adam-family.ts";
import type { Adaptive } from "../../src/optimizers/adaptive/adaptive.ts";
import { advance, beforeFirst } from "../../src/optimizers/adaptive/core.ts";
import { mada } from "../../src/optimizers/adaptive/mada/mada.ts";
import { handOver } from "../hand-over.ts";
import { writePlot } from "../plot.ts";

/**
 * The sequence of Reddi, Kale and Kumar: f_t(x) = 1010 x if t mod 101 = 1, else -10 x, on [-1, 1].
 * The sum falls towards -1. MADA begins as Adam and learns rho, c and beta3 as in the published
 * toy (rate 0.1, momentum 0.9); the last rows take the same with other rates.
 */
const steps = 2_000_000;
const betas = { beta1: 0.9, beta2: 0.99 };
const slow = { ...betas, learningRate: 1e-3 };

interface Way {
  readonly name: string;
  readonly one: Adaptive;
  readonly options: object;
}

const ways: readonly Way[] = [
  { name: "adam", one: adam, options: slow },
  { name: "amsgrad", one: amsgrad, options: slow },
  { name: "avgrad", one: avgrad, options: slow },
  { name: "mada", one: mada, options: learning(slow, 0.1) },
  { name: "mada, hyper 0.01", one: mada, options: learning(slow, 0.01) },
  { name: "mada, hyper 1", one: mada, options: learning(slow, 1) },
  { name: "mada, rate 1e-2", one: mada, options: learning({ ...slow, learningRate: 1e-2 }, 0.1) },
  { name: "mada, debias branch", one: mada, options: { ...learning(slow, 0.1), debias: "branch" } },
];

console.log("method                 x at the end  at 1e5    at 5e5     rho       c   beta3  ms");
const walked = ways.map((way) => {
  const { at, learned, ms } = walk(way);
  const of = (name: string) => (learned[name] === undefined ? "" : learned[name].toFixed(3));
  const x = (step: number) => at.get(step)!.toFixed(4);
  const cells = [x(steps), x(100_000), x(500_000), of("rho"), of("c"), of("beta3")];
  console.log(
    way.name.padEnd(22) +
      cells.map((cell, i) => cell.padStart(i === 0 ? 13 : i < 3 ? 10 : 8)).join("") +
      ms.toFixed(0).padStart(8),
  );
  return { name: way.name, x: at.get(steps)!, learned, at };
});
const points = walked.flatMap(({ name, at }) =>
  [...at].map(([step, x]) => ({ name, step: step / 1e6, x })),
);
writePlot("reddi", {
  color: { legend: true },
  x: { label: "million steps" },
  y: { label: "x; the right end is -1", domain: [-1, 1] },
  marks: [Plot.lineY(points, { x: "step", y: "x", stroke: "name" })],
});
const results = walked.map(({ name, x, learned }) => ({ name, x, learned }));
handOver({ bench: "reddi", steps, results });

function learning(options: object, rate: number): object {
  const own = { rho: rate, c: rate, beta3: rate };
  const hyperLearningRate = { ...own, beta1: 0, beta2: 0, gamma: 0 };
  return { ...options, rho: 1, delay: 0, hyperLearningRate, hyperMomentum: 0.9 };
}

function walk({ one, options }: Way) {
  const method = one.method(z.strictObject(one.options).parse(options));
  const weights = new Float64Array(1);
  const gradient = new Float64Array(1);
  const at = new Map<number, number>();
  let state = beforeFirst;
  const startMs = performance.now();
  for (let t = 1; t <= steps; t++) {
    gradient[0] = t % 101 === 1 ? 1010 : -10;
    const here = { weights, asked: weights, gradient, rate: method.rateAt(state.step) };
    state = advance(method, state, here);
    weights[0] = Math.min(1, Math.max(-1, weights[0]!));
    if (t % 10_000 === 0) at.set(t, weights[0]);
  }
  return { at, learned: method.core.learned?.(state) ?? {}, ms: performance.now() - startMs };
}
