import * as tf from "@tensorflow/tfjs-core";
import { initializers, layers } from "@tensorflow/tfjs-layers";

type Shape = (number | null)[];

/** Adds a trained vector to every position: [batch, positions, width] to the same. */
export class PositionEmbedding extends layers.Layer {
  static readonly className = "PositionEmbedding";
  private table!: ReturnType<PositionEmbedding["addWeight"]>;

  override build(given: Shape | Shape[]): void {
    const [, positions, width] = given as [number | null, number, number];
    const start = initializers.randomNormal({ stddev: 0.02 });
    this.table = this.addWeight("table", [positions, width], "float32", start);
    this.built = true;
  }

  override computeOutputShape(given: Shape | Shape[]): Shape {
    return given as Shape;
  }

  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    const x = Array.isArray(inputs) ? inputs[0]! : inputs;
    return tf.tidy(() => tf.add(x, tf.expandDims(this.table.read(), 0)));
  }
}
