import * as tf from "@tensorflow/tfjs-core";
import type { LayersModel } from "@tensorflow/tfjs-layers";
import type { Slices } from "../../math/slices/slices.ts";
import { mergedInPlace } from "../kernels/merged-rows.ts";

/** Rows of a table that were looked up in one pass, with the slopes of what came out. */
export interface LookedUp extends Slices<Float32Array<ArrayBuffer>> {
  /** Its rows are sums that began at zero, each id once: none is a negative zero. */
  readonly isFromZeros: boolean;
}

/**
 * How the rows of a look-up are told: `gathered`, as they come; `merged`, each once; `inPlace`,
 * each once and, where that can be, in the backend's memory still, to be freed by whoever asked.
 */
export type RowsTold = "gathered" | "merged" | "inPlace";

/** A pass that takes tables' gradients row by row. */
interface RowPass {
  /** What look-ups are differentiated by, in place of the table. */
  readonly anchor: tf.Scalar;
  /** By the table's variable; look-ups in other tables are differentiated as usual. */
  readonly found: ReadonlyMap<tf.Variable, LookedUp[]>;
  readonly told: RowsTold;
}

let current: RowPass | null = null;

/** Runs `work`, whose look-ups in these tables tell `found` of their rows once differentiated. */
export function withRowPass<T>(pass: RowPass, work: () => T): T {
  const outer = current;
  current = pass;
  try {
    return work();
  } finally {
    current = outer;
  }
}

/**
 * Rows of a table, [ids, width]. Within a pass that takes gradients row by row, the slopes of these
 * rows are its gradient: no tensor of the table's size is made, added up or read.
 */
export function lookUpRows(table: tf.Variable, ids: tf.Tensor1D): tf.Tensor2D {
  const found = current?.found.get(table);
  if (found === undefined) return tf.gather(table, ids) as tf.Tensor2D;
  const { anchor, told } = current!;
  const [rows, columns] = table.shape as [number, number];
  const places = new Uint32Array(ids.dataSync());
  const lookUp = tf.customGrad(() => ({
    value: tf.gather(table, ids),
    gradFunc(slopes: tf.Tensor) {
      found.push(lookedUp({ rows, columns, ids: places }, slopes, told));
      return tf.zerosLike(anchor);
    },
  }));
  return lookUp(anchor) as tf.Tensor2D;
}

function lookedUp(asked: Omit<Slices, "values">, slopes: tf.Tensor, told: RowsTold): LookedUp {
  const isWithin = areWithin(asked);
  const merged = told === "gathered" || !isWithin ? null : mergedInPlace(asked, slopes);
  if (merged === null) {
    const slices = { ...asked, values: slopes.dataSync() as Float32Array<ArrayBuffer> };
    return { ...(isWithin ? slices : withinTable(slices)), isFromZeros: false };
  }
  if (told === "inPlace") return merged;
  const { rows, columns, ids, values, isFromZeros } = merged;
  merged.free();
  return { rows, columns, ids, values, isFromZeros };
}

function areWithin({ ids, rows }: Omit<Slices, "values">): boolean {
  for (let at = 0; at < ids.length; at++) if (ids[at]! >= rows) return false;
  return true;
}

/** Without ids that the table does not have, which move none of its rows. */
function withinTable(slices: Slices<Float32Array<ArrayBuffer>>) {
  const { rows, columns, ids, values } = slices;
  const kept = [...ids.keys()].filter((at) => ids[at]! < rows);
  const rest = new Float32Array(kept.length * columns);
  for (const [to, at] of kept.entries())
    rest.set(values.subarray(at * columns, (at + 1) * columns), to * columns);
  return { rows, columns, ids: Uint32Array.from(kept, (at) => ids[at]!), values: rest };
}

/** A layer of one's own that looks rows up by `lookUpRows` says in which of its weights. */
export interface LooksUp {
  tableWeights(): LayersModel["weights"];
}

export interface TrainedTable {
  readonly variable: tf.Variable;
  /** A penalty on the table's numbers moves all its rows. */
  readonly hasPenalty: boolean;
}

type Layer = LayersModel["layers"][number];

/** The tables of a model that training moves, its layers made to look rows up by `lookUpRows`. */
export function openTables(model: LayersModel): readonly TrainedTable[] {
  const trained = new Set(model.trainableWeights.map((weight) => weight.read()));
  const tables = new Map<tf.Variable, TrainedTable>();
  for (const layer of everyLayer(model))
    for (const weight of tableWeightsOf(layer)) {
      const variable = weight.read() as tf.Variable;
      const { embeddingsRegularizer = null } = layer as { embeddingsRegularizer?: object | null };
      if (!trained.has(variable)) continue;
      tables.set(variable, { variable, hasPenalty: embeddingsRegularizer !== null });
      if (isEmbedding(layer)) lookUpWithin(layer, variable);
    }
  return [...tables.values()];
}

/** Layers of a model, and of models in it. */
function everyLayer(model: { layers: LayersModel["layers"] }): Layer[] {
  return model.layers.flatMap((layer) =>
    "layers" in layer ? everyLayer(layer as unknown as LayersModel) : [layer],
  );
}

function isEmbedding(layer: Layer): boolean {
  return layer.getClassName() === "Embedding";
}

function tableWeightsOf(layer: Layer): LayersModel["weights"] {
  if ("tableWeights" in layer) return (layer as unknown as LooksUp).tableWeights();
  return isEmbedding(layer) ? layer.weights.slice(0, 1) : [];
}

/** A stock embedding looks up as it does, but within a pass that takes gradients row by row. */
function lookUpWithin(layer: Layer, variable: tf.Variable): void {
  const stock = layer.call.bind(layer);
  const call: typeof layer.call = (inputs, kwargs) => {
    if (current === null) return stock(inputs, kwargs);
    const input = Array.isArray(inputs) ? inputs[0]! : inputs;
    const ids = tf.reshape(tf.cast(input, "int32"), [input.size]) as tf.Tensor1D;
    return tf.reshape(lookUpRows(variable, ids), [...input.shape, variable.shape[1]!]);
  };
  Object.assign(layer, { call });
}
