import { RunError } from "../../core/errors.ts";
import type { RunSpec } from "../spec.ts";
import type { Parts } from "./method.ts";

/** Refuses what would let rows show around the noise: how they are stored or prepared. */
export function refuseOpenRows(spec: RunSpec, { encoding, wait }: Parts): void {
  if (encoding.mixes || encoding.redundancy !== 1) {
    throw new RunError(
      "not-private",
      `encoding: ${spec.encoding.type}: ` +
        (encoding.mixes
          ? "a mixture's gradient holds products of several records, which no clipping of rows " +
            "bounds, and whoever decodes sees them all"
          : "a record would be at several nodes, which release it several times"),
      { hint: "leave encoding out: every node keeps its own rows, uncoded" },
    );
  }
  refuseData(spec);
  if (wait.wantsGradient || spec.auto !== undefined) {
    throw new RunError(
      "bad-combination",
      "wait: private runs have no gradients that k could be chosen by",
      { hint: "choose all, { fastest: k } or { deadline: 800ms, atLeast: k }" },
    );
  }
}

/** What is learned from all rows before training is in every number that follows. */
function refuseData({ data }: RunSpec): void {
  const leak = (setting: string, what: string, hint: string) =>
    new RunError("not-private", `data.${setting}: ${what}, which nobody has paid for`, { hint });
  if (data.standardize)
    throw leak(
      "standardize",
      "true: means and deviations of all rows would be in every feature",
      "give data.standardize: false, and scale features by public numbers beforehand",
    );
  if (data.missing === "impute")
    throw leak("missing", "impute: means of all rows would stand in some", "fill them beforehand");
}
