import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { type RunInput, train } from "../src/index.ts";
import { readTrainedModel } from "../src/platform/training/model.ts";
import { withOpenRun } from "../src/platform/training/open-run.ts";

const script = join(import.meta.dirname, "conformance/scikit_learn_weights.py");

/** An optimum that scikit-learn found, over standardised features. */
interface Optimum {
  readonly data: string;
  readonly problem: string;
  readonly l1?: number;
  /** Of the target, where it is a number: the unit of weights over standardised features. */
  readonly deviation?: number;
  /** Of features that are not standardised: by what weights over such would be larger. */
  readonly scales?: readonly number[];
  /** What rows and classes count, of those that count unlike. */
  readonly rowWeights?: string;
  readonly classWeights?: "balanced";
  /** A list an output. */
  readonly weights: readonly (readonly number[])[];
  readonly intercepts: readonly number[];
  readonly metrics: Readonly<Record<string, number>>;
}

/**
 * Weights may be off by so much of the largest, or of the target's deviation where that is larger;
 * metrics by so much of themselves.
 */
const weightsMax = 1e-6;
const metricsMax = 1e-6;

/** All slots in every round, and quorums that are corrected until they end at the optimum. */
const ways: Readonly<Record<string, Pick<RunInput, "wait" | "strategy">>> = {
  all: { wait: "all" },
  exact: { wait: { fastest: 3 }, strategy: { type: "rounds", exact: true } },
};

/** Weights and metrics at the optimum of every linear problem; false where any is off. */
export async function conformanceWeights(python: string, folder: string): Promise<boolean> {
  const text = execFileSync(python, ["-W", "ignore", script, folder], { maxBuffer: 2 ** 28 });
  const told = JSON.parse(text.toString()) as { versions: object; l2: number; found: Optimum[] };
  const versions = Object.entries(told.versions).map((pair) => pair.join(" "));
  console.log(`${versions.join(", ")}; l2 ${told.l2}; weights: off, of the largest`);
  console.log(columns("data set", "problem", "all", "exact", "plain", "metrics"));
  const only = process.env.KOFN_DATA_SET;
  let wrong = 0;
  for (const optimum of told.found) {
    if (only !== undefined && !optimum.data.includes(only)) continue;
    const off: string[] = [];
    let [metrics, plain] = [0, 0];
    let holds = true;
    for (const [name, way] of Object.entries(ways)) {
      const found = await distanceOf(join(folder, "home"), folder, told.l2, optimum, way, name);
      off.push(found.weights.toExponential(1));
      metrics = Math.max(metrics, found.metrics);
      plain = Math.max(plain, found.plain);
      holds &&= found.weights <= weightsMax && found.metrics <= metricsMax;
    }
    if (!holds) wrong++;
    const mark = holds ? "" : "  <- off";
    console.log(
      columns(
        optimum.data,
        optimum.problem,
        ...off,
        plain.toExponential(1),
        `${metrics.toExponential(1)}${mark}`,
      ),
    );
  }
  console.log(wrong === 0 ? "all weights and metrics agree" : `${wrong} differ`);
  return wrong === 0;
}

/** How far a run's weights and metrics are from an optimum. */
async function distanceOf(
  home: string,
  folder: string,
  l2: number,
  optimum: Optimum,
  way: Pick<RunInput, "wait" | "strategy">,
  name: string,
): Promise<{ readonly weights: number; readonly plain: number; readonly metrics: number }> {
  const { data, problem, l1, deviation = 0, scales, weights, intercepts, metrics } = optimum;
  const { rowWeights, classWeights } = optimum;
  const counts = {
    ...(rowWeights === undefined ? {} : { weights: rowWeights }),
    ...(classWeights === undefined ? {} : { classWeights }),
  };
  const isSparse = data.endsWith("-sparse");
  const standardize = data.endsWith("-scaled-sparse");
  const source = join(folder, `${data}.${isSparse ? "libsvm" : "csv"}`);
  const penalties = { ...(problem === "lasso" ? {} : { l2 }), ...(l1 === undefined ? {} : { l1 }) };
  const { run, result } = await train(
    {
      problem: { type: problem, ...penalties } as RunInput["problem"],
      data: isSparse
        ? { source, format: "libsvm", standardize }
        : { source, target: "y", ...counts },
      workers: 4,
      ...way,
      stop: { rounds: 3_000, tolerance: 1e-8 },
    },
    { backend: "simulated", home, name: `${data}-${problem}-${name}`.replaceAll(/[+.]/g, "-") },
  );
  const model = await withOpenRun({ home }, run, ({ store }) => readTrainedModel(store, run));
  const width = weights[0]!.length + 1;
  const { offset = 0 } = model.preparation.target;
  const free = (values: readonly number[]) =>
    problem === "softmax" ? values.map((value) => value - mean(values)) : values;
  const expected = free(intercepts);
  const found = free(intercepts.map((_, k) => model.weights[(k + 1) * width - 1]! + offset));
  let [apart, largest] = [0, 0];
  for (const [k, row] of weights.entries()) {
    for (const [j, weight] of row.entries()) {
      const scale = scales?.[j] ?? 1;
      apart = Math.max(apart, scale * Math.abs(model.weights[k * width + j]! - weight));
      largest = Math.max(largest, scale * Math.abs(weight));
    }
  }
  // Doubles themselves end some digits after 1e12.
  const blur = (4 * Number.EPSILON) / weightsMax;
  for (const [k, intercept] of expected.entries()) {
    const unit = Math.max(largest, deviation);
    const share = unit / (unit + blur * Math.abs(intercept));
    apart = Math.max(apart, share * Math.abs(found[k]! - intercept));
  }
  const told = Object.entries(metrics).map(([metric, value]) => {
    const ours = result.metrics.train[metric];
    return ours === undefined ? Number.POSITIVE_INFINITY : Math.abs(ours / value - 1);
  });
  const unit = Math.max(largest, deviation);
  return { weights: apart / unit, plain: apart / largest, metrics: Math.max(...told) };
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function columns(...texts: string[]): string {
  return texts.map((text, i) => text.padEnd(i === 0 ? 24 : i === 1 ? 16 : 10)).join("");
}
