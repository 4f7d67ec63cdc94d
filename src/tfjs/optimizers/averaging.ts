import { type Core, type CoreState, type Flat, zeros } from "../../optimizers/adaptive/core.ts";

/** The slot that holds the averages of a core that asks ahead of its weights. */
export const averages = "x";

/**
 * A core whose weights are where its gradient is asked, as variables of TensorFlow.js are: the
 * averages of one that asks ahead become a slot, in single precision, as a run keeps its weights.
 */
export function askedAtWeights(core: Core): Core {
  if (core.asksAhead !== true) return core;
  const { decays, learned } = core;
  return {
    ...(decays === undefined ? {} : { decays }),
    ...(learned === undefined ? {} : { learned }),
    start(length) {
      const { slots, numbers } = core.start(length);
      return { slots: { ...slots, ...zeros(length, averages) }, numbers };
    },
    step(state, here) {
      const x = averagesOf(state);
      if (state.step === 0) x.set(here.weights);
      core.step(state, { ...here, weights: x, asked: here.weights });
      for (let i = 0; i < x.length; i++) x[i] = Math.fround(x[i]!);
    },
  };
}

export function averagesOf(state: CoreState): Flat {
  return state.slots[averages]!;
}
