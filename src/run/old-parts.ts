import type { Store } from "../ports/store.ts";
import { modelPartsPrefix } from "../store-layout.ts";
import type { ModelSnapshot } from "../strategies/definition.ts";

/** Follows a run's states, and removes what of its model in parts none of them needs any more. */
export interface OldParts {
  /** A state is on its way to the store; a traced one's model stays for the curve. */
  saved(state: object, snapshot: ModelSnapshot, isTraced: boolean): void;
  /** The state is in the store: a run goes on from it, or from a later one. */
  written(state: object): void;
}

export function removingOldParts(store: Store, run: string): OldParts {
  const prefix = modelPartsPrefix(run);
  /** By key: the number of the last state that names it. */
  const lastState = new Map<string, number>();
  const traced = new Set<string>();
  const numbers = new WeakMap<object, number>();
  let count = 0;
  return {
    saved(state, { model, keeps = [] }, isTraced) {
      if (model.kind === "whole") return;
      numbers.set(state, ++count);
      for (const { key } of [...model.parts, ...keeps])
        if (key.startsWith(prefix)) lastState.set(key, count);
      if (isTraced) for (const { key } of model.parts) traced.add(key);
    },
    written(state) {
      const number = numbers.get(state);
      if (number === undefined) return;
      for (const [key, last] of lastState) {
        if (last >= number) continue;
        lastState.delete(key);
        // What cannot be removed now is removed with all others at the run's end.
        if (!traced.has(key)) void store.remove(key).catch(() => undefined);
      }
    },
  };
}
