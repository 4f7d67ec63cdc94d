import { RunError } from "../../core/errors.ts";
import { optimizers } from "../../optimizers/registry.ts";
import type { RunSpec } from "../../spec/run-spec.ts";
import type { PipelineOptions } from "./options.ts";

/** What a platform is set up for before it is known how many stages there are. */
export const workersBefore = 4;

/** Refuses, before anything is read, what has no meaning for a pipeline or is not built yet. */
export function checkPipeline(spec: RunSpec, options: PipelineOptions): void {
  if (options.stages !== "auto" && spec.workers !== options.stages)
    throw refused(
      `workers: ${spec.workers}: a pipeline of ${options.stages} stages has as many workers`,
      `leave workers out, or say ${options.stages}`,
    );
  if (options.stages === "auto" && spec.workers !== workersBefore)
    throw refused(
      `workers: ${spec.workers}: stages: auto takes as few workers as hold the model`,
      `leave workers out, or say  strategy: { type: pipeline, stages: ${spec.workers} }`,
    );
  refuseUnbuilt(options);
  refuseOptimizer(spec);
  const { batch, microbatches, schedule, activeMicrobatches } = options;
  if (batch !== "all" && batch < microbatches)
    throw new RunError(
      "batch-too-small",
      `strategy.microbatches: ${microbatches} of a batch of ${batch} rows`,
      { hint: `say at most ${batch}, or a larger batch` },
    );
  if (schedule === "simple" && (activeMicrobatches ?? microbatches) < microbatches)
    throw refused(
      `strategy.activeMicrobatches: ${activeMicrobatches}: simple keeps all ${microbatches} ` +
        "in flight",
      "choose schedule: interleaved or 1f1b, or fewer microbatches",
    );
}

function refused(what: string, hint: string): RunError {
  return new RunError("bad-combination", what, { hint });
}

function refuseUnbuilt({ replicas, tensor, recompute, shardOptimizer, offload }: PipelineOptions) {
  const unbuilt = [
    [replicas !== 1, `replicas: ${replicas}: pipelines side by side`],
    [tensor !== 1, `tensor: ${tensor}: layers that several workers share`],
    [!recompute, "recompute: false: activations that outlive a task"],
    [!shardOptimizer, "shardOptimizer: false: an optimizer's state away from its stage"],
    [offload, "offload: true: activations in the store"],
  ] as const;
  for (const [isAsked, what] of unbuilt)
    if (isAsked) throw refused(`strategy.${what} are not built yet`, "leave it out");
}

function refuseOptimizer({ optimizer: chosen }: RunSpec): void {
  const { type } = chosen;
  const optimizer = optimizers.create(chosen);
  if (optimizer.searches || type === "fista")
    throw refused(
      `optimizer: ${type}: it looks at all weights at once, and a stage has its own alone`,
      "choose one that moves weights by their own gradients, such as adam, sgd or muon",
    );
  if (optimizer.needsCurvature)
    throw new RunError(
      "unsafe-step",
      `optimizer: ${type}: no step is safe for a network, whose curvature has no bound`,
      { hint: "give the step as a number, or choose optimizer: adam or sgd" },
    );
}
