import type { Examples } from "../../../src/math/rows.ts";
import { type NoiseRule, withKeyedNoise } from "../../../src/privacy/mechanisms/keyed-noise.ts";
import type { Problem } from "../../../src/problems/problem.ts";
import { problems } from "../../../src/problems/registry.ts";
import type { StepSizes } from "../../../src/strategies/gossip/schedule.ts";
import { stepAt } from "../../../src/strategies/gossip/schedule.ts";
import { mixed, nextState } from "../../../src/tasks/consensus-update.ts";
import { metropolis, mixingRow } from "../../../src/topology/mixing.ts";
import { topologies } from "../../../src/topology/registry.ts";

type Vector = Float64Array<ArrayBuffer>;

/** What a node's round is made of: those of production, or mutants of them. */
export interface Pieces {
  /** z of a node: `own` is its state before noise, which production does not look at. */
  mix(weights: Float64Array, messages: readonly Vector[], self: number, own: Vector): Vector;
  step: typeof nextState;
  /** What a node publishes; `use` names run, round and node. */
  noise(x: Vector, rule: NoiseRule, secret: Uint8Array, use: readonly number[]): Vector;
  /** Done to z, with the noise of the messages that it is made of; nothing, in production. */
  afterMixing?(z: Vector, rule: NoiseRule, secret: Uint8Array, use: readonly number[]): Vector;
}

export const production: Pieces = {
  mix: (weights, messages) => mixed(weights, messages),
  step: nextState,
  noise: (x, rule, secret, use) => withKeyedNoise(x, rule, secret, use.join("/")) as Vector,
};

/** The reference case: a_i = i/9 at ten nodes, f_i = (1/2)(x - a_i)^2, x(0) = 0. */
export interface Case {
  readonly graph: "ring" | "complete";
  /** T: messages 1 to T - 1 depend on data. */
  readonly rounds: number;
  readonly steps: StepSizes;
  /** Deviation, or Laplace's scale, of message t = 1, 2, ... */
  readonly noises: readonly number[];
  readonly mechanism?: "gaussian" | "laplace";
  /** Instead of i/9. */
  readonly data?: readonly number[];
}

export const nodes = 10;
export const usualData = Array.from({ length: nodes }, (_, i) => i / 9);
export const optimum = 0.5;

/** Secrets that are the same in every test run, as tests of chance must be; benches draw theirs. */
export function fixedSecrets(count: number): Uint8Array[] {
  return Array.from({ length: count }, (_, node) => new Uint8Array(32).fill(node + 1));
}

/** All states and messages of one run; `runSeed` names it in the noise. */
export interface Trace {
  /** x(T) of every node. */
  readonly states: readonly number[];
  /** y(t) by round, from t = 0. */
  readonly messages: readonly (readonly number[])[];
}

/** A case's run, made once and run many times. */
export function consensusRuns(of: Case, pieces: Pieces, secrets: readonly Uint8Array[]) {
  const mixing = metropolis(topologies.create({ type: of.graph }).graph(nodes));
  const rows = usualData.map((_, i) => mixingRow(mixing, i));
  const problem: Problem = problems.create({ type: "mean", ...{ centre: 0.5 } });
  const examples = (of.data ?? usualData).map(
    (a): Examples => ({
      rows: { kind: "dense", rows: 1, columns: 1, values: Float32Array.of(a) },
      targets: Float32Array.of(0),
    }),
  );
  const ruleAt = (t: number) => ({
    step: stepAt(of.steps, t),
    clip: 0.5,
    divisor: 1,
    region: { ball: 1e9 },
    intercept: false,
  });
  const noiseAt = (t: number): NoiseRule => ({
    mechanism: of.mechanism ?? "gaussian",
    adjacency: "replace-one",
    sensitivity: stepAt(of.steps, t - 1),
    noise: of.noises[t - 1]!,
  });
  return (run: number): Trace => {
    let states: Vector[] = usualData.map(() => new Float64Array(1));
    let messages: Vector[] = states;
    const told = [messages.map(([y]) => y!)];
    for (let t = 1; t <= of.rounds; t++) {
      const rule = ruleAt(t - 1);
      const before = { states, messages };
      states = usualData.map((_, i) => {
        const { from, weights } = rows[i]!;
        const heard = from.map((j) => before.messages[j]!);
        const z = pieces.mix(weights, heard, from.indexOf(i), before.states[i]!);
        const isStart = t === 1 || pieces.afterMixing === undefined;
        const w = isStart
          ? z
          : pieces.afterMixing!(z, noiseAt(t - 1), secrets[i]!, [run, t - 1, i]);
        return pieces.step(problem, examples[i]!, w, rule);
      });
      if (t === of.rounds) break;
      messages = states.map((x, i) => pieces.noise(x, noiseAt(t), secrets[i]!, [run, t, i]));
      told.push(messages.map(([y]) => y!));
    }
    return { states: states.map(([x]) => x!), messages: told };
  };
}

export interface Estimate {
  readonly value: number;
  readonly standardError: number;
}

/** Mean and its standard error. */
export function estimated(values: readonly number[]): Estimate {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { value: mean, standardError: Math.sqrt(squares / (values.length - 1) / values.length) };
}

/** Squared errors of nodes and of their mean, over many runs. */
export function squaredErrors(run: (index: number) => Trace, runs: number) {
  const perNode: number[] = [];
  const ofMean: number[] = [];
  for (let index = 0; index < runs; index++) {
    const { states } = run(index);
    perNode.push(states.reduce((sum, x) => sum + (x - optimum) ** 2, 0) / nodes);
    const mean = states.reduce((sum, x) => sum + x, 0) / nodes;
    ofMean.push((mean - optimum) ** 2);
  }
  return { perNode: estimated(perNode), ofMean: estimated(ofMean) };
}
