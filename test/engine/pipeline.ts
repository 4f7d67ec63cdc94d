import type { Strategy } from "../../src/engine/strategy.ts";
import { addScaled } from "../../src/math/vector.ts";
import type { Slotted } from "../../src/ports/compute.ts";

type Vector = Float64Array<ArrayBuffer>;

export interface StageTask extends Slotted {
  readonly pass: "forward" | "backward";
  readonly microbatch: number;
  readonly weights: Vector;
  /** What the stage before handed over. */
  readonly input: Vector;
  /** Backward only: the loss's derivative by the stage's output; null at the last stage. */
  readonly slope: Vector | null;
}

export interface StageReply {
  /** Forward: the output. Backward: the loss's derivative by the input. */
  readonly onward: Vector;
  /** Backward only. */
  readonly gradient: Vector | null;
}

export interface PipelineState {
  readonly step: number;
  readonly weights: readonly Vector[];
  /** How far each stage is in its schedule. */
  readonly done: readonly number[];
  readonly losses: readonly number[];
  /** By "stage/microbatch". */
  readonly outputs: { readonly [place: string]: Vector };
  readonly slopes: { readonly [place: string]: Vector };
  readonly gradients: readonly Vector[];
}

export interface PipelinePlan {
  readonly weights: readonly Vector[];
  readonly inputs: readonly Vector[];
  readonly steps: number;
  readonly stepSize: number;
}

/**
 * One forward, one backward: stages in slots, microbatches flowing through them, gradients summed
 * in the order of microbatches, one step of descent after the last.
 */
export function pipeline(plan: PipelinePlan): Strategy<PipelineState, StageTask, StageReply> {
  const stages = plan.weights.length;
  const schedules = plan.weights.map((_, stage) => schedule(stage, stages, plan.inputs.length));
  const fresh = (step: number, weights: readonly Vector[]): PipelineState => ({
    step,
    weights,
    done: weights.map(() => 0),
    losses: weights.map(() => 0),
    outputs: {},
    slopes: {},
    gradients: weights.map((own) => new Float64Array(own.length)),
  });
  return {
    start: () => fresh(0, plan.weights),
    wanted(state) {
      if (state.step >= plan.steps) return [];
      const tasks: StageTask[] = [];
      for (const [stage, order] of schedules.entries()) {
        const next = order[state.done[stage]!];
        const task = next === undefined ? null : taskOf(plan, state, stage, next);
        if (task !== null) tasks.push(task);
      }
      return tasks;
    },
    receive(state, arrival) {
      if (arrival.kind === "tick") return { state };
      const { task, outcome } = arrival;
      const { slot, microbatch } = task;
      if (outcome.kind === "lost")
        return { state: { ...state, losses: state.losses.with(slot, state.losses[slot]! + 1) } };
      const place = `${slot}/${microbatch}`;
      const { onward, gradient } = outcome.result;
      let next: PipelineState = {
        ...state,
        done: state.done.with(slot, state.done[slot]! + 1),
        losses: state.losses.with(slot, 0),
      };
      if (gradient === null) next = { ...next, outputs: { ...state.outputs, [place]: onward } };
      else {
        const sum = addScaled(Float64Array.from(state.gradients[slot]!), 1, gradient);
        const slopes = { ...state.slopes, [place]: onward };
        next = { ...next, slopes, gradients: state.gradients.with(slot, sum) };
      }
      if (!next.done.every((count, stage) => count === schedules[stage]!.length))
        return { state: next };
      const weights = next.weights.map((own, stage) =>
        addScaled(Float64Array.from(own), -plan.stepSize, next.gradients[stage]!),
      );
      return { state: fresh(state.step + 1, weights), durable: true };
    },
  };
}

interface Work {
  readonly pass: "forward" | "backward";
  readonly microbatch: number;
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

/** The stage's next piece of work, or null while what it needs is not there. */
function taskOf(
  plan: PipelinePlan,
  state: PipelineState,
  stage: number,
  { pass, microbatch }: Work,
): StageTask | null {
  const input = stage === 0 ? plan.inputs[microbatch] : state.outputs[`${stage - 1}/${microbatch}`];
  const isLast = stage === plan.weights.length - 1;
  const slope = pass === "forward" || isLast ? null : state.slopes[`${stage + 1}/${microbatch}`];
  if (input === undefined || slope === undefined) return null;
  const attempt = state.losses[stage]!;
  const id = `step-${state.step}/${pass}-${microbatch}/stage-${stage}/try-${attempt}`;
  return { id, slot: stage, pass, microbatch, weights: state.weights[stage]!, input, slope };
}
