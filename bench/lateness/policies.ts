import type { RunInput } from "../../src/run/resolve-spec.ts";

/** A way to wait, with what is stored for it. */
export interface Policy {
  readonly name: string;
  readonly spec: Partial<RunInput>;
  /** A copy of every late task starts with it, and costs nothing: what no speculation can beat. */
  readonly isOracle?: true;
}

/** Those that are compared, for a number of workers and the time of an undisturbed task. */
export function policiesFor(workers: number, taskMs: number): readonly Policy[] {
  const most = fewer(workers, 0.9);
  const nearlyAll = fewer(workers, 0.95);
  const few = fewer(workers, 0.75);
  const hadamard = (redundancy: number) => ({ type: "hadamard", redundancy }) as const;
  return [
    { name: "uncoded, all", spec: { encoding: "uncoded", wait: "all" } },
    { name: "ideal speculation, all", spec: { encoding: "uncoded", wait: "all" }, isOracle: true },
    {
      name: "speculate, all",
      spec: { encoding: "uncoded", wait: { speculate: { after: 0.75, factor: 1.5 } } },
    },
    { name: "uncoded, fastest 95 %", spec: { encoding: "uncoded", wait: { fastest: nearlyAll } } },
    { name: "uncoded, fastest 90 %", spec: { encoding: "uncoded", wait: { fastest: most } } },
    { name: "uncoded, fastest 75 %", spec: { encoding: "uncoded", wait: { fastest: few } } },
    {
      name: "uncoded, deadline",
      spec: { encoding: "uncoded", wait: { deadline: taskMs + 60, atLeast: few } },
    },
    { name: "uncoded, adaptive", spec: { encoding: "uncoded", wait: "adaptive" } },
    { name: "hadamard 1.05, 75 %", spec: { encoding: hadamard(1.05), wait: { fastest: few } } },
    { name: "hadamard 1.1, 90 %", spec: { encoding: hadamard(1.1), wait: { fastest: most } } },
    { name: "hadamard 1.1, 75 %", spec: { encoding: hadamard(1.1), wait: { fastest: few } } },
    {
      name: "hadamard 1.1, deadline",
      spec: { encoding: hadamard(1.1), wait: { deadline: 1.1 * taskMs + 60, atLeast: few } },
    },
    { name: "hadamard 1.25, 90 %", spec: { encoding: hadamard(1.25), wait: { fastest: most } } },
    { name: "hadamard 2, 90 %", spec: { encoding: hadamard(2), wait: { fastest: most } } },
    { name: "replication 2, 90 %", spec: { encoding: "replication", wait: { fastest: most } } },
    {
      name: "gradient code, all but 1",
      spec: {
        encoding: { type: "gradient-code", stragglers: 1, arrangement: "cyclic" },
        wait: { fastest: workers - 1 },
      },
    },
    {
      name: "asynchronous",
      spec: { encoding: "uncoded", strategy: "async-sgd", optimizer: "gradient-descent" },
    },
  ];
}

/** A share of the workers, but always at least one fewer. */
function fewer(workers: number, share: number): number {
  return Math.min(workers - 1, Math.ceil(share * workers));
}
