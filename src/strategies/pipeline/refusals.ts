import { RunError } from "../../core/errors.ts";
import type { Encoding } from "../../encoding/encoding.ts";
import { optimizers } from "../../optimizers/registry.ts";
import type { RunSpec } from "../../spec/run-spec.ts";
import type { PipelineOptions } from "./options.ts";
import { dealReplicas } from "./replicas.ts";

/** What a platform is set up for before it is known how many stages there are. */
const stagesBefore = 4;

/** Each replica has a worker a stage, or as many as share its layers. */
export function workersFor({
  stages,
  replicas,
  tensor,
}: Pick<PipelineOptions, "stages" | "replicas" | "tensor">) {
  return (stages === "auto" ? stagesBefore : stages) * replicas * tensor;
}

/** Refuses, before anything is read, what has no meaning for a pipeline. */
export function checkPipeline(spec: RunSpec, options: PipelineOptions, encoding: Encoding): void {
  const { stages, replicas } = options;
  const workers = workersFor(options);
  const ofReplicas =
    (replicas === 1 ? "" : ` in ${replicas} replicas`) +
    (options.tensor === 1 ? "" : ` that ${options.tensor} share`);
  if (stages !== "auto" && spec.workers !== workers)
    throw refused(
      `workers: ${spec.workers}: a pipeline of ${stages} stages${ofReplicas} has ${workers}`,
      `leave workers out, or say ${workers}`,
    );
  if (stages === "auto" && spec.workers !== workers)
    throw refused(
      `workers: ${spec.workers}: stages: auto takes as few workers as hold the model`,
      `leave workers out, or say  strategy: { type: pipeline, stages: ${spec.workers} }`,
    );
  refuseIdle(options);
  refuseSplit(spec, options);
  refuseEncoding(spec);
  refuseOptimizer(spec);
  const { batch, microbatches, schedule, activeMicrobatches } = options;
  if (batch !== "all" && batch < microbatches)
    throw new RunError(
      "batch-too-small",
      `strategy.microbatches: ${microbatches} of a batch of ${batch} rows`,
      { hint: `say at most ${batch}, or a larger batch` },
    );
  const dealt = dealReplicas({ microbatches, replicas }, { ...spec, encoding });
  const most = Math.max(...dealt.microbatches.map((own) => own.length));
  if (schedule === "simple" && (activeMicrobatches ?? most) < most)
    throw refused(
      `strategy.activeMicrobatches: ${activeMicrobatches}: simple keeps all ${most} in flight`,
      "choose schedule: interleaved or 1f1b, or fewer microbatches",
    );
}

function refused(what: string, hint: string): RunError {
  return new RunError("bad-combination", what, { hint });
}

function refuseIdle({ shardOptimizer, replicas, offload }: PipelineOptions) {
  if (!shardOptimizer && replicas === 1)
    throw refused(
      "strategy.shardOptimizer: false: of one pipeline each stage updates its own weights",
      "leave it out, or say how many replicas",
    );
  // `npm run bench -- pipeline` measures both.
  if (offload)
    throw refused(
      "strategy.offload: true: a stage computes its forward pass again in less time than the " +
        "store takes activations and gives them back",
      "leave it out: a stage holds those of one microbatch; recompute: false keeps them where " +
        "there is memory",
    );
}

/** What cannot be where several workers share layers. */
function refuseSplit(
  { optimizer }: RunSpec,
  { tensor, split, from, partitioner }: PipelineOptions,
) {
  if (tensor === 1) {
    if (split === undefined) return;
    throw refused("strategy.split: no layer is divided", "say how many workers share it: tensor");
  }
  if (optimizer.type === "muon")
    throw refused(
      `strategy.tensor: ${tensor}: muon looks at whole matrices, and a worker has a share of them`,
      "choose an optimizer that moves each weight by itself, such as adam",
    );
  if (from !== undefined)
    throw refused(
      `strategy.from: with tensor: ${tensor} weights are in shares, and it goes on from whole ones`,
      "leave tensor out, or begin anew",
    );
  if (partitioner === "tree")
    throw refused(
      `strategy.partitioner: tree: with tensor: ${tensor} stages are cut by what workers have`,
      "choose partitioner: graph",
    );
}

/** Of the encodings that deal microbatches, what says nothing here. */
function refuseEncoding({ encoding }: RunSpec): void {
  const { encode, approximate = false } = encoding as { encode?: string; approximate?: unknown };
  if (encode !== undefined)
    throw refused(
      `encoding.encode: ${encode}: a pipeline encodes no rows, it deals microbatches`,
      "leave encode out",
    );
  if (approximate !== false)
    throw refused(
      `encoding.approximate: ${approximate}: a pipeline adds up whole gradients alone`,
      "leave approximate out, and wait for as many replicas as have all microbatches",
    );
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
