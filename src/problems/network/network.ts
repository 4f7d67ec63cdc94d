import * as z from "zod";
import { define } from "../../core/registry.ts";
import type { NetworkFacts } from "../../tfjs/definition.ts";
import type { Problem } from "../problem.ts";
import { lossNames } from "./losses.ts";
import { networkProblem } from "./network-problem.ts";

/** A TensorFlow.js layers model: what computes it is loaded when it is first needed. */
export const network = define({
  name: "network",
  summary: "a neural network of TensorFlow.js layers: a model.json, or a module that builds one",
  options: {
    model: z
      .string()
      .min(1)
      .describe("the path of a model.json, or of a .ts or .js module that builds a model"),
    loss: z.enum(lossNames).default("categoricalCrossentropy").describe("what is minimised"),
    metrics: z
      .array(z.string().min(1))
      .optional()
      .describe("which metrics are told; all that the loss has where absent"),
    backend: z
      .enum(["auto", "node", "wasm", "cpu"])
      .default("auto")
      .describe("what computes: native where it is installed, else WASM, else plain JavaScript"),
    engine: z
      .enum(["auto", "tfjs"])
      .default("auto")
      .describe("auto: chains of dense layers run in kofn's own kernels; tfjs: none do"),
    seed: z.int().min(0).optional().describe("what dropout hangs on; the spec's seed where absent"),
    facts: z
      .looseObject({ key: z.string() })
      .optional()
      .describe("what is known of the model; filled in when a run starts"),
  },
  examples: [{ model: "model.json" }],
  create: (options): Problem =>
    networkProblem({ ...options, facts: options.facts as NetworkFacts | undefined }),
});
