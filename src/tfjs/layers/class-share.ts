import * as tf from "@tensorflow/tfjs-core";
import { layers } from "@tensorflow/tfjs-layers";
import { classShareNumbers } from "../../model-parallel/split-layers.ts";

type Shape = (number | null)[];
type LayerConfig = ConstructorParameters<typeof layers.Layer>[0];

/**
 * Some classes' scores, [..., classes], and the right class of each position, [...], to what a loss
 * needs of them, [..., 5]: the logarithm of the sum of exponentials, the right class's score or 0
 * where it is not here, the largest score, its class, and the sum of scores.
 */
export class ClassShare extends layers.Layer {
  static readonly className = "ClassShare";
  private readonly first: number;

  constructor(config: { first: number; name?: string }) {
    super(config as LayerConfig);
    this.first = config.first;
  }

  override computeOutputShape(inputShape: Shape | Shape[]): Shape {
    return [...(inputShape as Shape[])[0]!.slice(0, -1), classShareNumbers];
  }

  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    return tf.tidy(() => {
      const [scores, classes] = inputs as [tf.Tensor, tf.Tensor];
      const width = scores.shape.at(-1)!;
      const flat = tf.reshape(scores, [-1, width]) as tf.Tensor2D;
      const right = classes.dataSync();
      const marks = new Float32Array(flat.size);
      for (const [at, of] of right.entries()) {
        const place = of - this.first;
        if (place >= 0 && place < width) marks[at * width + place] = 1;
      }
      const [largest, best] = largestOf(flat.dataSync() as Float32Array, width, this.first);
      const own = tf.sum(tf.mul(flat, tf.tensor2d(marks, flat.shape)), -1);
      const told = [tf.logSumExp(flat, -1), own, tf.tensor1d(largest), tf.tensor1d(best)];
      const numbers = tf.stack([...told, tf.sum(flat, -1)], -1);
      return tf.reshape(numbers, [...scores.shape.slice(0, -1), classShareNumbers]);
    });
  }

  override getConfig(): tf.serialization.ConfigDict {
    return { ...super.getConfig(), first: this.first };
  }
}

/** Of each row the largest number, and the class that is the first to have it. */
function largestOf(
  values: Float32Array,
  width: number,
  first: number,
): [largest: Float32Array, best: Float32Array] {
  const rows = values.length / width;
  const [largest, best] = [new Float32Array(rows), new Float32Array(rows)];
  for (let row = 0; row < rows; row++) {
    let at = 0;
    for (let i = 1; i < width; i++)
      if (values[row * width + i]! > values[row * width + at]!) at = i;
    largest[row] = values[row * width + at]!;
    best[row] = first + at;
  }
  return [largest, best];
}
