import * as tf from "@tensorflow/tfjs-core";
import * as z from "zod";
import { parseOptions } from "../../core/registry.ts";
import type { Adaptive } from "../../optimizers/adaptive/adaptive.ts";
import { AdaptiveOptimizer } from "./adaptive-optimizer.ts";
import { fromConfig } from "./float64-tensors.ts";

/** Registers a method's class, so that saved models can name it, and returns its maker. */
export function defineOptimizer<Shape extends z.ZodRawShape>(
  one: Adaptive<Shape>,
  className: string,
) {
  class Own extends AdaptiveOptimizer {
    static get className(): string {
      return className;
    }

    constructor(given: object) {
      const options = parseOptions(z.strictObject(one.options), given, one.name);
      super(one.method(options), options);
    }

    static override fromConfig<T extends tf.serialization.Serializable>(
      own: tf.serialization.SerializableConstructor<T>,
      config: tf.serialization.ConfigDict,
    ): T {
      // Layers put this into every configuration that they read.
      const { customObjects: _, ...options } = config;
      return new own(fromConfig(options));
    }
  }
  tf.serialization.registerClass(Own, "kofn");
  return (options: z.input<z.ZodObject<Shape>> = {} as never): AdaptiveOptimizer =>
    new Own(options as object);
}
