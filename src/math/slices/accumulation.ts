import { presentValues, type TensorPart } from "./gradient-part.ts";
import { mergeAll } from "./merge.ts";
import { addSlices, isShorterAsSlices, joinSlices, type Slices } from "./slices.ts";

/**
 * How the contributions to one tensor's gradient become one. `gather`: slices and dense ones alike
 * are set one after another as slices, all rows of a dense one too (what TensorFlow 1 did, which
 * grows with every worker). `published`: dense where any contribution is, else as `gather`
 * (Cavdar et al., 2019). `auto`: as published, but slices are merged, and dense where that is no
 * more bytes.
 */
export type AccumulationRule = "gather" | "published" | "auto";

type Contribution = TensorPart<Float64Array<ArrayBuffer>>;
type Shape = Pick<Slices, "rows" | "columns">;

/** The gradient of a matrix; null where nothing contributes. One contribution passes through. */
export function accumulate(
  contributions: readonly Contribution[],
  shape: Shape,
  rule: AccumulationRule,
): Contribution | null {
  const [first] = contributions;
  if (first === undefined) return null;
  const anyDense = contributions.some(({ kind }) => kind === "dense");
  if (contributions.length === 1 && rule !== "auto") return first;
  if (contributions.every(({ kind }) => kind === "dense")) return addedUp(contributions, shape);
  if (rule === "gather" || (rule === "published" && !anyDense))
    return { kind: "slices", slices: joinSlices(contributions.map((one) => asSlices(one, shape))) };
  if (anyDense) return addedUp(contributions, shape);
  const slices = mergeAll(contributions.map((one) => asSlices(one, shape)));
  if (isShorterAsSlices(slices.ids.length, shape)) return { kind: "slices", slices };
  return addedUp([{ kind: "slices", slices }], shape);
}

function asSlices(part: Contribution, { rows, columns }: Shape): Slices<Float64Array<ArrayBuffer>> {
  if (part.kind === "slices") return part.slices;
  return {
    rows,
    columns,
    ids: Uint32Array.from({ length: rows }, (_, id) => id),
    values: part.values,
  };
}

function addedUp(contributions: readonly Contribution[], { rows, columns }: Shape): Contribution {
  const values = new Float64Array(rows * columns);
  for (const part of contributions) {
    const own = presentValues(part);
    if (part.kind === "slices") addSlices(values, 0, 1, part.slices);
    else for (let i = 0; i < own.length; i++) values[i]! += own[i]!;
  }
  return { kind: "dense", values };
}
