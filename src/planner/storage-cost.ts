import { bounds, prices } from "../limits.ts";
import type { RunSpec } from "../spec/run-spec.ts";
import type { RunFigures } from "./time-model.ts";
import { type DataShape, forecastEntriesPerSlot } from "./workload.ts";

/** What the store holds and is asked for. */
export interface StorageCost {
  readonly bytes: number;
  /** For writing the shards, reading them into every environment, and checkpoints. */
  readonly requestsUsd: number;
  readonly usdPerMonth: number;
}

/** Checkpoints are two objects, and no closer together than this. */
const saveEverySeconds = 0.2;

/** The store's share of a run: an estimate by its habits, not metered by the run. */
export function storageCostOf(
  spec: RunSpec,
  data: DataShape,
  figures: RunFigures,
  rounds: number,
): StorageCost {
  const slotBytes = Math.round(4 * forecastEntriesPerSlot(spec, data));
  const bytes = slotBytes * spec.workers;
  const partsPerSlot = Math.ceil(slotBytes / bounds.shardPartBytes);
  const saves = 2 * Math.min(rounds, Math.ceil(figures.seconds / saveEverySeconds));
  const puts = partsPerSlot * spec.workers + saves;
  const gets = figures.coldStarts * (1 + partsPerSlot);
  const { usdPerPut, usdPerGet, usdPerGbMonth } = prices.s3;
  const requestsUsd = puts * usdPerPut + gets * usdPerGet;
  return { bytes, requestsUsd, usdPerMonth: (bytes / 1e9) * usdPerGbMonth };
}
