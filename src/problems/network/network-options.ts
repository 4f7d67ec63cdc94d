import { RunError } from "../../core/errors.ts";
import type { BackendChoice } from "../../tfjs/backend.ts";
import type { NetworkFacts } from "../../tfjs/definition.ts";
import type { LossName } from "./losses.ts";

/** A network as a spec chooses it. */
export interface NetworkOptions {
  readonly model: string;
  readonly loss: LossName;
  readonly metrics?: readonly string[] | undefined;
  /** Rows count unlike. */
  readonly weighted?: true | undefined;
  readonly backend: BackendChoice;
  readonly engine: "auto" | "tfjs";
  readonly seed?: number | undefined;
  readonly facts?: NetworkFacts | undefined;
}

/** The model's facts, where they are known. */
export function networkFactsOf({ facts }: NetworkOptions): NetworkFacts {
  if (facts !== undefined) return facts;
  throw new RunError("not-staged", "problem.model: the network was not read yet", {
    hint: "networks are read when a run starts: use kofn run",
  });
}

/** Of how many positions an output has, and how many numbers each. */
export function outputsOf(options: NetworkOptions): { positions: number; width: number } {
  const { outputShape } = networkFactsOf(options);
  const width = outputShape.at(-1) ?? 1;
  return { width, positions: outputShape.slice(0, -1).reduce((a, b) => a * b, 1) };
}
