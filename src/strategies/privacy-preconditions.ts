import { RunError } from "../core/errors.ts";
import { heldOutOf } from "../data/held-out.ts";
import type { WaitPolicy } from "../quorum/wait-policies/policy.ts";
import type { RunSpec } from "../spec/run-spec.ts";
import { type Accepts, waitsWithoutGradients } from "./accepts.ts";
import type { Members } from "./definition.ts";

/** What private strategies take of encodings and waits. */
export const privateChoices = {
  encodings: {
    only: ["uncoded"],
    code: "not-private",
    because:
      "a mixture's gradient holds products of several records, which no clipping of rows bounds, " +
      "and a copied record would be at several nodes, which release it several times",
  },
  waits: {
    only: waitsWithoutGradients,
    because: "private runs have no gradients that k could be chosen by",
  },
} as const satisfies Partial<Accepts>;

/** Refuses what would let rows show around the noise: how they are prepared. */
export function checkPrivateRows(spec: RunSpec, { problem }: Members): void {
  refuseData(spec, problem.target === "classes");
  if (spec.auto !== undefined) {
    throw new RunError(
      "bad-combination",
      "wait: private runs have no gradients that k could be chosen by",
      { hint: "choose all, { fastest: k } or { deadline: 800ms, atLeast: k }" },
    );
  }
}

/** What is learned from all rows before training is in every number that follows. */
function refuseData({ data }: RunSpec, classifies: boolean): void {
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
  if (data.text !== undefined)
    throw leak(
      "text",
      "its tokens are learned from all rows and stand in the model",
      "turn the text into numbers beforehand, by a vocabulary that is public",
    );
  if (classifies && data.classes === undefined)
    throw leak(
      "classes",
      "nothing given: every label of the rows, be it one record's, would stand in the model",
      "state the public ones in order, as in data.classes: [no, yes]; a record of any other " +
        "counts nothing",
    );
}

/**
 * Refuses what one record more or less would move everybody by, where rows are split and dealt to
 * slots by their number and their place: without the first of 2,000, 626 others change between
 * training and test. Sums over all rows of all slots do not heed that; anything else does. Where
 * each record decides by itself nobody else moves, and under the other adjacencies every record
 * keeps its place.
 */
export function refuseMovedRows(spec: RunSpec, wait: WaitPolicy): void {
  if (!movesOthers(spec)) return;
  const { data, workers } = spec;
  const moved = (place: string, what: string, hint: string) =>
    new RunError("not-private", `${place}, under privacy.adjacency: add-remove: ${what}`, {
      hint: `${keptPlaces}, or ${hint}`,
    });
  const { share } = heldOutOf(data);
  if (share > 0)
    throw moved(
      `data.test: ${share}`,
      "one record more or less changes which of the others are kept for testing",
      "name a file of test rows by data.test",
    );
  if (wait.needed < workers)
    throw moved(
      `wait: ${wait.inWords}`,
      "one record more or less moves others from slot to slot, and so in or out of a sum that " +
        "some slots are missing from",
      "give wait: all",
    );
}

/** One record more or less moves others. */
export function movesOthers({ data, privacy }: RunSpec): boolean {
  return privacy?.adjacency === "add-remove" && data.membership !== "records";
}

/** The remedy that costs nothing: neighbours of whom one counts nothing, all in their places. */
export const keptPlaces =
  "leave data.membership out, or choose adjacency: zero-out, which costs the same";
