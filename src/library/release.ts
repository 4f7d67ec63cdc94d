import { homePath } from "../platform/local/paths.ts";
import { checkSpec } from "../platform/training/check-spec.ts";
import { withReleaseData } from "../platform/training/release-data.ts";
import { releaseInputOf } from "../platform/training/release-request.ts";
import type { Ranges } from "../platform/training/release-table.ts";
import { resolveSpec } from "../run/resolve-spec.ts";
import { withRowFile } from "./row-file.ts";
import type { SpecInCode } from "./spec-in-code.ts";

/** How data are released, and what that may tell: as the options of `kofn release`. */
export interface ReleaseInCode {
  readonly scheme: "projection" | "additive";
  readonly epsilon: number;
  /** For (epsilon, delta) of a record; else `unit`. */
  readonly delta?: number;
  readonly adjacency?: "zero-out" | "replace-one";
  /** Mutual information in place of `delta`. */
  readonly unit?: "nats" | "bits";
  readonly protects?: "entry" | "row";
  /** Public ranges by column, which become -1 to 1. */
  readonly ranges?: Ranges;
  readonly bound?: number;
  readonly norm?: number;
  readonly rows?: number;
  readonly leastEigenvalue?: number | "private";
  /** What all releases of these data may come to. */
  readonly budget?: number;
  readonly home?: string;
}

/** What was released: rows to train on freely. */
export interface ReleasedRows {
  /** The rows as a CSV file, names first and the target last. */
  readonly csv: Uint8Array;
  /** The deviation of the noise on every number. */
  readonly sigma: number;
  /** Epsilon on these data so far; null where no budget is kept. */
  readonly spent: number | null;
  /** Of the object in the home's store. */
  readonly key: string;
}

/** Publishes a spec's data once, with noise or as random mixtures, as `kofn release`. */
export async function release(spec: SpecInCode, options: ReleaseInCode): Promise<ReleasedRows> {
  const { home = homePath(), ranges = {}, ...choices } = options;
  const written = Object.entries(choices).map(([name, value]) => [name, String(value)]);
  const input = releaseInputOf({ set: [], ...Object.fromEntries(written) });
  const checked = checkSpec(resolveSpec(await withRowFile(spec, home)));
  return withReleaseData(home, { spec: checked, input, ranges }, async ({ publish }) => {
    const { csv, calibrated, spent, key } = await publish();
    return { csv, sigma: Math.sqrt(calibrated.variance), spent, key };
  });
}
