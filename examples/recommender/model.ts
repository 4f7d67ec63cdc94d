import type { Builder } from "kofn/tfjs";

/** The sizes of a recommender. */
export interface Sizes {
  readonly users: number;
  readonly items: number;
  /** Numbers of a user's, and of an item's, row in each of two tables. */
  readonly width: number;
}

/**
 * Neural collaborative filtering: a row [user, item] becomes a rating by the product of their
 * factors beside a small network over others (He et al., WWW 2017: GMF and MLP). Nearly all of its
 * numbers stand in four tables, of which a batch looks up a few rows.
 */
export function recommender({ users, items, width }: Sizes): Builder {
  return ({ tf }) => {
    const { layers } = tf;
    const input = tf.input({ shape: [2] });
    type Node = typeof input;
    const pair = layers.reshape({ targetShape: [2, 1, 1] }).apply(input) as Node;
    const one = (before: number) => {
      const cropping: [[number, number], [number, number]] = [
        [before, 1 - before],
        [0, 0],
      ];
      const cropped = layers.cropping2D({ cropping }).apply(pair) as Node;
      return layers.flatten().apply(cropped) as Node;
    };
    const rowOf = (ids: Node, inputDim: number, name: string) => {
      const table = layers.embedding({ inputDim, outputDim: width, name });
      return layers.flatten().apply(table.apply(ids) as Node) as Node;
    };
    const [user, item] = [one(0), one(1)];
    const factors = [rowOf(user, users, "user_factors"), rowOf(item, items, "item_factors")];
    const product = layers.multiply().apply(factors) as Node;
    const inputs = [rowOf(user, users, "user_inputs"), rowOf(item, items, "item_inputs")];
    const joined = layers.concatenate().apply(inputs) as Node;
    const hidden = layers.dense({ units: width, activation: "relu" }).apply(joined) as Node;
    const both = layers.concatenate().apply([product, hidden]) as Node;
    return tf.model({ inputs: input, outputs: layers.dense({ units: 1 }).apply(both) as Node });
  };
}

export default recommender({ users: 5_000, items: 2_000, width: 8 });
