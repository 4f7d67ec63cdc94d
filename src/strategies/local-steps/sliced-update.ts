import { atSlot } from "../../core/slot-map.ts";
import {
  type DoublePart,
  denseGradient,
  squaredNorm,
  tensorLength,
} from "../../math/slices/gradient-part.ts";
import { weightedSum } from "../../math/slices/merge.ts";
import { joinPresent, presentPlaces, presentRows } from "../../math/slices/present.ts";
import type { TableTraffic } from "../../ports/events.ts";
import { respondedSlots } from "../../quorum/quorum.ts";
import { tableTraffic } from "../../quorum/table-traffic.ts";
import { readTensorParts } from "../../tasks/sliced-reply.ts";
import type { LocalStepsPlan, LocalStepsState } from "./state.ts";

/** What the changes of a quorum come to, tensor by tensor. */
export interface SlicedUpdate {
  readonly parts: readonly DoublePart[];
  readonly norm: number;
  readonly tables: readonly TableTraffic[];
}

/** The sum of the changes, each by its slot's part of all rows, in slot order. */
export function slicedUpdate(plan: LocalStepsPlan, { quorum }: LocalStepsState): SlicedUpdate {
  const tensors = plan.problem.parameters!;
  const slots = respondedSlots(quorum);
  const changes = slots.map((slot) =>
    readTensorParts(atSlot(quorum.replies, slot)!.payload!, tensors),
  );
  const factors = slots.map((slot) => plan.parts[slot]!);
  const parts = tensors.map((tensor, i) => {
    const all = changes.map((one) => one[i]!);
    return weightedSum(all, factors, tensorLength(tensor));
  });
  const tables = tableTraffic(quorum.replies, slots, tensors, parts, plan.outer?.movesAll);
  return { parts, norm: Math.sqrt(squaredNorm(parts)), tables };
}

/** The weights after an update: moved where it tells of something, or all of them. */
export function movedByParts(
  { outer, problem }: LocalStepsPlan,
  { weights, ahead, outer: memory, version }: LocalStepsState,
  { parts }: SlicedUpdate,
): Pick<LocalStepsState, "weights" | "ahead" | "outer"> {
  const tensors = problem.parameters!;
  const next = weights.slice();
  if (outer === null) {
    const places = presentPlaces(presentRows(parts), tensors);
    const change = joinPresent(parts);
    for (let i = 0; i < places.length; i++) next[places[i]!]! -= change[i]!;
    return { weights: next, ahead: null, outer: memory };
  }
  const here = Float32Array.from(weights);
  const stepSize = outer.stepSize({ smoothness: 1, share: 1, round: version });
  const byParts = outer.moveParts?.(memory, { weights: here, parts, stepSize, tensors }) ?? null;
  // What single precision leaves out of where it stood must not be lost at every update.
  if (byParts !== null) {
    const places = presentPlaces(presentRows(byParts.parts), tensors);
    const values = joinPresent(byParts.parts);
    for (let i = 0; i < places.length; i++) {
      const place = places[i]!;
      next[place] = values[i]! + (weights[place]! - here[place]!);
    }
    return { weights: next, ahead: null, outer: byParts.memory };
  }
  const moved = outer.move(memory, {
    weights: here,
    asked: ahead === null ? here : Float32Array.from(ahead),
    gradient: denseGradient(parts, tensors),
    stepSize,
    tensors,
    shrink: (point) => point,
  });
  const all = moved.weights.map((value, j) => value + (weights[j]! - here[j]!));
  return { weights: all, ahead: moved.ask, outer: moved.memory };
}
