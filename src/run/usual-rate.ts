import type { Chosen } from "../core/registry.ts";
import type { Prepared } from "../data/manifests.ts";
import { eachPart } from "../data/parts/load-parts.ts";
import {
  inUnits,
  measured,
  type RateUnits,
  usualForAllRows,
  usualForChanges,
  usualForMinibatches,
  usualForNetworks,
} from "../optimizers/adaptive/usual-rates.ts";
import { optimizers } from "../optimizers/registry.ts";
import type { Store } from "../ports/store.ts";
import type { Problem } from "../problems/problem.ts";
import type { RunSpec } from "../spec/run-spec.ts";
import { strategies } from "../strategies/registry.ts";
import { largestEigenvalue } from "./curvature.ts";
import type { PartsPool } from "./parts-pool.ts";
import { resolveMembers } from "./resolve-members.ts";

/**
 * Fills in an optimizer's defaults. Where the spec names no learning rate, its setting gives one;
 * `open` lists the options whose numbers are in units of data that were not read yet.
 */
export function resolveOptimizer(
  config: { readonly type: string },
  { strategy, problem, rounds }: Setting,
): { readonly optimizer: Chosen; readonly open: readonly string[] } {
  const usual =
    "learningRate" in config ? null : usualOf(config.type, { strategy, problem, rounds });
  const optimizer = optimizers.resolve({ ...usual, ...config }, "optimizer");
  const isLength = config.type === "sgd" && isLocal(strategy);
  const isOpen = usual !== null && isLinear(problem) && !isLength;
  const open = isOpen ? measured(optimizer).filter((name) => !(name in config)) : [];
  return { optimizer, open };
}

/** Null for an optimizer that finds its step itself, and where a setting has no usual rates. */
function usualOf(type: string, { strategy, problem, rounds }: Setting): object | null {
  const { stepsAlong } = strategies.create(strategy);
  if (stepsAlong === undefined) return null;
  // A network's tensors are known only once its model has been read.
  const isNetwork = problem.publishAssets !== undefined;
  if (!isNetwork && !isLinear(problem)) return null;
  const usual = (isNetwork ? usualForNetworks : usualForAllRows)(type, rounds);
  if (stepsAlong === "minibatches") return usualForMinibatches(type, rounds, usual);
  return stepsAlong === "changes" ? usualForChanges(type, rounds, usual) : usual;
}

/** The mean change of a round is what moves the weights. */
function isLocal(strategy: Chosen): boolean {
  return strategies.create(strategy).stepsAlong === "changes";
}

interface Setting {
  readonly strategy: Chosen;
  readonly problem: Problem;
  readonly rounds: number;
}

/** Predictions are linear in features and weights, and a target is predicted. */
function isLinear({ predict, pairs }: Problem): boolean {
  return predict === undefined && pairs === undefined;
}

/** As in "adam, learning rate 0.2"; the name alone for what finds its step itself. */
export function optimizerInWords({ type, learningRate }: Chosen): string {
  return typeof learningRate === "number"
    ? `${type}, learning rate ${inWords(learningRate)}`
    : type;
}

function inWords(rate: number): string {
  return String(Number(rate.toPrecision(4)));
}

/** The spec with a learning rate that fits the data; unchanged where the spec named one. */
export async function settleRate(
  spec: RunSpec,
  prepared: Prepared,
  store: Store,
  pool?: PartsPool,
): Promise<RunSpec> {
  const { openRate, ...rest } = spec;
  if (openRate === undefined) return spec;
  const units = await unitsOf(rest, prepared, store, pool);
  return { ...rest, optimizer: inUnits(spec.optimizer, openRate, units) };
}

/**
 * What the data say of sizes: weights are of the order of the target's deviation over the root mean
 * square of a feature that is not zero, gradients of their product; classes count as 1.
 */
async function unitsOf(
  spec: RunSpec,
  prepared: Prepared,
  store: Store,
  pool: PartsPool | undefined,
): Promise<RateUnits> {
  const { problem } = resolveMembers(spec);
  const spread = problem.target === "classes" ? 1 : Math.sqrt(prepared.targetVariance) || 1;
  const isScaled = spec.data.standardize && !prepared.preparation.sparse;
  const size = isScaled ? 1 : await featureSize(prepared, store);
  const [weight, slope] = [spread / size, spread * size];
  const loss = weight * slope;
  const isSgd = spec.optimizer.type === "sgd";
  const step = isSgd ? await safeStep(spec, prepared, store, pool) : Number.NaN;
  return { step, weight, slope, "per weight": 1 / weight, loss, "per loss": 1 / loss };
}

/**
 * share / L: no set of replies makes the estimate steeper than L over their share. Of a frame that
 * is not tight that is not so, but s stored rows for each data row make a random one at most
 * (1 + 1/sqrt(s))^2 times as steep.
 */
async function safeStep(
  spec: RunSpec,
  prepared: Prepared,
  store: Store,
  pool: PartsPool | undefined,
): Promise<number> {
  const { problem, encoding, wait } = resolveMembers(spec);
  const share = Math.min(wait.needed, spec.workers) / spec.workers;
  const steeper = encoding.tight ? 1 / share : (1 + (encoding.redundancy * share) ** -0.5) ** 2;
  const eigenvalue = await largestEigenvalue(store, prepared, pool);
  return 1 / (steeper * (problem.smoothness(eigenvalue) + problem.l2));
}

/** The root mean square of all features that are not zero, intercept left out. */
async function featureSize({ train, columns, preparation }: Prepared, store: Store) {
  const features = columns - (preparation.intercept ? 1 : 0);
  let [count, squares] = [0, 0];
  for await (const { rows } of eachPart(store, train, columns)) {
    const { values } = rows;
    const columnOf = rows.kind === "sparse" ? (at: number) => rows.indices[at]! : null;
    for (let at = 0; at < values.length; at++) {
      const value = values[at]!;
      if (value === 0 || (columnOf?.(at) ?? at % columns) >= features) continue;
      count++;
      squares += value * value;
    }
  }
  return count === 0 ? 1 : Math.sqrt(squares / count);
}
