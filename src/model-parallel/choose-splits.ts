import { RunError } from "../core/errors.ts";
import { nearest } from "../core/text.ts";
import { indexGraph, type LayerGraph, type LayerModule, type LayerNode } from "./layer-graph.ts";
import {
  classShareNumbers,
  isElementwise,
  type LayerSplit,
  type SplitLayer,
  type SplitName,
  splitClasses,
  splitsOf,
} from "./split-layers.ts";

/** How many workers share layers, and which of them how. */
export interface SplitRequest {
  readonly of: number;
  /** Ways by layer; absent: every layer that divides. */
  readonly ways?: Readonly<Record<string, SplitName>>;
  /** The loss is the cross-entropy of a softmax of the model's outputs. */
  readonly hasClasses?: boolean;
}

/** Ways to divide layers, by the layers. */
export type Splits = ReadonlyMap<string, LayerSplit>;
export type Indexed = ReturnType<typeof indexGraph>;

/** Which layers are divided how. Throws `RunError` where one does not divide, or nothing does. */
export function chooseSplits(
  graph: LayerGraph,
  { of, ways }: SplitRequest,
  layerOf: (module: LayerModule) => SplitLayer,
): Splits {
  const refusalOf: RefusalOf = (module, split) => {
    const layer = layerOf(module);
    const { what, count } = split.size(layer);
    if (graph.nodes.filter((node) => node.module === module.name).length > 1)
      return "it is used more than once";
    if (layer.weightShapes.length === 0) return "its weights are another layer's";
    const why = split.refusal?.(layer) ?? null;
    if (why !== null) return why;
    if (split.judge !== undefined && count <= classShareNumbers * of)
      return `${of} workers would tell no less than its ${count} ${what}`;
    return count % of === 0 ? null : `its ${count} ${what} are no multiple of ${of}`;
  };
  return ways === undefined
    ? everySplit(graph, of, refusalOf)
    : new Map(Object.keys(ways).map((name) => [name, namedSplit(graph, name, ways, refusalOf)]));
}

type RefusalOf = (module: LayerModule, split: LayerSplit) => string | null;

/** Of all layers that can be divided, the first way that does. */
function everySplit(graph: LayerGraph, of: number, refusalOf: RefusalOf): Splits {
  const index = indexGraph(graph);
  const splits = new Map<string, LayerSplit>();
  const reasons: string[] = [];
  for (const module of graph.modules) {
    const { inputs } = graph.nodes.find((node) => node.module === module.name)!;
    const all = splitsOf(module.className).filter(({ isNamed }) => isNamed !== true);
    const isSecond =
      module.className === "Dense" && splitBefore(index, splits, inputs) === "column";
    const inOrder = isSecond ? all.toReversed() : all;
    const found = inOrder.find((split) => refusalOf(module, split) === null);
    if (found !== undefined) splits.set(module.name, found);
    else if (all.length > 0) reasons.push(`"${module.name}": ${refusalOf(module, all[0]!)}`);
  }
  if (splits.size > 0) return splits;
  const some = reasons.slice(0, 3).join("; ");
  throw refused(
    some === "" ? `no layer is of the classes ${splitClasses.join(", ")}` : some,
    `choose another number than tensor: ${of}, or leave it out`,
  );
}

function namedSplit(
  { modules }: LayerGraph,
  name: string,
  ways: NonNullable<SplitRequest["ways"]>,
  refusalOf: RefusalOf,
): LayerSplit {
  const module = modules.find((one) => one.name === name);
  if (module === undefined) {
    const known = modules.map((one) => one.name);
    throw refused(`there is no layer "${name}"`, nearest(name, known));
  }
  const all = splitsOf(module.className);
  const split = all.find((one) => one.name === ways[name]);
  if (split === undefined)
    throw refused(
      `"${name}": a layer of class ${module.className} is not divided by ${ways[name]}`,
      all.length > 0
        ? `say ${all.map((one) => one.name).join(" or ")}`
        : `name layers of the classes ${splitClasses.join(", ")}`,
    );
  const why = refusalOf(module, split);
  if (why === null) return split;
  throw refused(
    `"${name}" by ${ways[name]}: ${why}`,
    "choose a tensor that divides it, or leave it whole",
  );
}

/** How the only layer that an input comes from, and that nothing else reads, is divided. */
function splitBefore(index: Indexed, splits: Splits, inputs: readonly string[]): SplitName | null {
  const { producer } = index.tensor(inputs[0]!);
  if (producer === null || inputs.length !== 1) return null;
  const node = index.node(producer);
  if (soleReader(index, node) === null) return null;
  const { className, config } = index.module(node.module);
  const isOpen = className === "Dense" && isElementwise({ config });
  return isOpen ? (splits.get(node.module)?.name ?? null) : null;
}

function refused(what: string, hint: string): RunError {
  return new RunError("bad-split", `strategy.split: ${what}`, { hint });
}

/** The one use that reads what a use makes, which is then no output of the model. */
export function soleReader({ graph, readers }: Indexed, { outputs }: LayerNode): LayerNode | null {
  const [tensor] = outputs as [string];
  const all = readers(tensor);
  return all.length === 1 && !graph.outputs.includes(tensor) ? graph.nodes[all[0]!]! : null;
}
