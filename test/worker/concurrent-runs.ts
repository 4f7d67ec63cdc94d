import { setImmediate } from "node:timers/promises";
import type { Store } from "../../src/ports/store.ts";
import { secureLocalSteps } from "../roles/cases.ts";
import { runUnder, staged } from "../roles/under-roles.ts";

const table = {
  problem: "logistic",
  data: { generate: { type: "classification", rows: 120, features: 40 } },
  workers: 3,
  stop: { rounds: 3, tolerance: 0 },
};

/** Runs of different kinds, among them two that differ in their seed alone. */
export const specs: readonly object[] = [
  { ...table, seed: 1, strategy: "local-steps", compression: "sign" },
  { ...table, seed: 2, strategy: "local-steps", compression: "sign" },
  {
    ...table,
    encoding: { type: "hadamard", redundancy: 2 },
    optimizer: "l-bfgs",
    problem: "ridge",
  },
  { ...table, strategy: "async-sgd" },
  secureLocalSteps,
];

/** A store that lets others go on before it answers, so that tasks really take turns. */
function yielding(store: Store): Store {
  return {
    ...store,
    async read(key) {
      await setImmediate();
      return store.read(key);
    },
  };
}

/** How a run ends, in this process on a virtual clock. */
export async function endOf(spec: object): Promise<object> {
  const { stop, result } = await runUnder(await staged(spec), null, { slotStore: yielding });
  return { stop, result };
}
