import { RunError } from "../../core/errors.ts";
import type { DenseRows } from "../../math/rows.ts";
import type { Store } from "../../ports/store.ts";
import { type EncodedFeatures, isOfFeatures } from "../encode/encode-features.ts";
import type { Encoded } from "../manifests.ts";
import { readExamples } from "../parts/load-parts.ts";

/** One slot's S_i [X' | I] as a worker keeps it, with the targets of all data rows. */
export interface FeatureBlock {
  /** Its columns in order: X' first, then as many as there are features. */
  readonly slabs: readonly DenseRows[];
  readonly targets: Float32Array;
  readonly features: number;
  /** The last feature is an intercept. */
  readonly intercept: boolean;
}

/** Reads the block of a slot. Throws `RunError` where the manifest is of another kind. */
export async function readFeatureBlock(
  store: Store,
  encoded: Encoded,
  slot: number,
): Promise<FeatureBlock> {
  const { slabs: widths, targets, intercept, columns, slots } = ofFeatures(encoded);
  const share = slots[slot];
  if (share === undefined)
    throw new RunError("unknown-slot", `there is no slot ${slot}, only ${slots.length}`);
  const slabs: DenseRows[] = [];
  for (const [i, part] of share.parts.entries()) {
    const { rows } = await readExamples(store, [part], widths[i] ?? 0);
    if (rows.kind === "dense") slabs.push(rows);
  }
  const targetExamples = await readExamples(store, targets, 0);
  return { slabs, targets: targetExamples.targets, features: columns, intercept };
}

function ofFeatures(encoded: Encoded): EncodedFeatures {
  if (isOfFeatures(encoded)) return encoded;
  throw new RunError("bad-manifest", `encoded/${encoded.digest}.json holds rows, not features`, {
    hint: "it was encoded for another strategy; encode the data again: kofn encode SPEC",
  });
}
