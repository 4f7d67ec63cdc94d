import type { Strategy } from "../../src/engine/strategy.ts";
import { addScaled } from "../../src/math/vector.ts";
import type { ObjectRef } from "../../src/ports/object-ref.ts";
import { graph } from "../../src/quorum/graph.ts";
import {
  beforeStep,
  type GraphNode,
  type NodePlace,
  nodeObjects,
  type Traversing,
} from "../../src/quorum/graph-nodes.ts";

type Vector = Float64Array<ArrayBuffer>;

export interface StageTask extends NodePlace {
  readonly pass: "forward" | "backward";
  readonly weights: Vector;
  /** What the stage before handed over; the first stage's own is in the task itself. */
  readonly input?: Vector;
  /** Backward: the loss's derivative by the stage's output; absent at the last stage. */
  readonly slope?: Vector;
}

export interface StageReply {
  /** Forward: the output. Backward: the loss's derivative by the input. */
  readonly onward: Vector | ObjectRef;
  /** Backward only. */
  readonly gradient: Vector | null;
}

export interface PipelineState extends Traversing<StageReply> {
  readonly weights: readonly Vector[];
}

export interface PipelinePlan {
  readonly weights: readonly Vector[];
  readonly inputs: readonly Vector[];
  readonly steps: number;
  readonly stepSize: number;
  /** Of every stage. */
  readonly replicas: number;
}

interface Work {
  readonly pass: "forward" | "backward";
  readonly microbatch: number;
}

const keyOf = ({ pass, microbatch }: Work, stage: number) => `${pass}-${microbatch}/stage-${stage}`;

/**
 * One forward, one backward: stages in slots, microbatches flowing through them by reference,
 * gradients summed in the order of microbatches, one step of descent after the last.
 */
export function pipeline(plan: PipelinePlan): Strategy<PipelineState, StageTask, StageReply> {
  const stages = plan.weights.length;
  const works = new Map<string, Work & { readonly stage: number }>();
  const nodes = plan.weights.flatMap((_, stage) =>
    schedule(stage, stages, plan.inputs.length).map((work, i, order): GraphNode => {
      const { pass, microbatch } = work;
      const key = keyOf(work, stage);
      works.set(key, { ...work, stage });
      const after: string[] = [];
      if (i > 0) after.push(keyOf(order[i - 1]!, stage));
      const forward = { pass: "forward", microbatch } as const;
      if (stage > 0) after.push(keyOf(forward, stage - 1));
      if (pass === "backward" && stage < stages - 1) after.push(keyOf(work, stage + 1));
      const slots = Array.from({ length: plan.replicas }, (_, r) => r * stages + stage);
      const rule = { needed: 1, enough: 1, deadlineMs: Number.POSITIVE_INFINITY };
      return { key, slots, rule, after };
    }),
  );
  return graph<PipelineState, StageTask, StageReply>({
    patienceMs: 3_600_000,
    start: () => ({ ...beforeStep, finished: false, step: 0, weights: plan.weights }),
    nodes: () => nodes,
    task(state, place, outputs) {
      const { pass, microbatch, stage } = works.get(place.node)!;
      const handed = (from: Work, at: number) => outputs(keyOf(from, at))[0]!.onward as ObjectRef;
      const inputs = {
        ...(stage > 0 && { input: handed({ pass: "forward", microbatch }, stage - 1) }),
        ...(pass === "backward" &&
          stage < stages - 1 && { slope: handed({ pass, microbatch }, stage + 1) }),
      };
      const objects = nodeObjects(place, inputs, ["onward"]);
      const own = stage === 0 ? { input: plan.inputs[microbatch]! } : {};
      return { ...place, pass, weights: state.weights[stage]!, objects, ...own };
    },
    validate: (_, { onward }) => ("key" in onward ? null : "its reply holds what it should keep"),
    finish(state, outputs) {
      const weights = state.weights.map((own, stage) => {
        const sum = new Float64Array(own.length);
        for (const microbatch of plan.inputs.keys())
          addScaled(sum, 1, outputs(keyOf({ pass: "backward", microbatch }, stage))[0]!.gradient!);
        return addScaled(Float64Array.from(own), -plan.stepSize, sum);
      });
      const step = state.step + 1;
      const next = { ...beforeStep, finished: step >= plan.steps, step, weights };
      return { state: next, durable: true };
    },
  });
}

/** Just enough forwards to keep the later stages busy, then one backward for each forward. */
function schedule(stage: number, stages: number, microbatches: number): Work[] {
  const ahead = Math.min(stages - stage, microbatches);
  const order: Work[] = [];
  for (let i = 0; i < ahead; i++) order.push({ pass: "forward", microbatch: i });
  for (let i = 0; i < microbatches; i++) {
    order.push({ pass: "backward", microbatch: i });
    if (ahead + i < microbatches) order.push({ pass: "forward", microbatch: ahead + i });
  }
  return order;
}
