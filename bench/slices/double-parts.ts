import type { DoublePart, TensorPart } from "../../src/math/slices/gradient-part.ts";

/** Parts in doubles, as optimizers take them. */
export function doubleParts(parts: readonly TensorPart[]): readonly DoublePart[] {
  return parts.map((part): DoublePart => {
    if (part.kind === "dense") return { kind: "dense", values: Float64Array.from(part.values) };
    const values = Float64Array.from(part.slices.values);
    return { kind: "slices", slices: { ...part.slices, values } };
  });
}
