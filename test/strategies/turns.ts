import { addScaled } from "../../src/math/vector.ts";
import type { Slotted } from "../../src/ports/compute.ts";
import type { Strategy } from "../../src/run/strategy.ts";

export interface TurnTask extends Slotted {
  readonly weights: Float64Array<ArrayBuffer>;
}

export interface TurnsState {
  readonly weights: Float64Array<ArrayBuffer>;
  /** Replies applied so far. */
  readonly version: number;
  readonly open: readonly Turn[];
  /** For every applied reply, how many others were applied since its task was started. */
  readonly staleness: readonly number[];
}

interface Turn {
  readonly number: number;
  readonly version: number;
  readonly weights: Float64Array<ArrayBuffer>;
}

/**
 * Asynchronous gradient descent: each slot always has one gradient under way, asked at the newest
 * weights of that moment; each reply is applied at once. A lost turn is followed by a new one.
 */
export function turns(plan: {
  readonly slots: number;
  readonly columns: number;
  readonly stepSize: number;
  readonly repliesMax: number;
}): Strategy<TurnsState, TurnTask, Float64Array<ArrayBuffer>> {
  return {
    start() {
      const weights = new Float64Array(plan.columns);
      const open = Array.from({ length: plan.slots }, () => ({ number: 0, version: 0, weights }));
      return { weights, version: 0, open, staleness: [] };
    },
    wanted({ open, version }) {
      if (version >= plan.repliesMax) return [];
      return open.map(({ number, weights }, slot) => ({
        id: `turn-${number}/slot-${slot}`,
        slot,
        weights,
      }));
    },
    receive(state, arrival) {
      if (arrival.kind === "tick") return { state };
      const { task, outcome } = arrival;
      const turn = state.open[task.slot]!;
      let { weights, version, staleness } = state;
      if (outcome.kind === "done") {
        weights = addScaled(Float64Array.from(weights), -plan.stepSize, outcome.result);
        staleness = [...staleness, version - turn.version];
        version += 1;
      }
      const open = state.open.with(task.slot, { number: turn.number + 1, version, weights });
      return { state: { weights, version, open, staleness }, durable: true };
    },
  };
}
