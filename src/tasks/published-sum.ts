import { createHash } from "node:crypto";
import type { SumNoise } from "../privacy/calibrate-sums.ts";
import type { Unit } from "../privacy/ledger/entry.ts";
import { ledgerPrefix, type NoiseOwner } from "../store-layout.ts";
import { publishedVectorOf, storedVectorBytes } from "./published-vector.ts";
import type { WorkerContext } from "./task-kind.ts";

/** How a sum is noised and charged: all of it public. */
export interface Published extends SumNoise {
  readonly unit: Unit;
  readonly budget: { readonly epsilon: number; readonly delta: number };
  /** Rounds that the budget is for. */
  readonly rounds: number;
  /** Who can read it, in words. */
  readonly observers: string;
}

/**
 * Charges a noised sum and publishes it. Returns what is published under its key, which is what an
 * earlier attempt put there if there was one.
 */
export async function publishSum(
  { store, run, cached }: WorkerContext,
  publisher: NoiseOwner,
  round: number,
  key: string,
  { release, unit, budget, rounds, observers }: Published,
  values: Float64Array<ArrayBuffer>,
): Promise<Float64Array<ArrayBuffer>> {
  const [{ openLedger, publishOnce }, { quickAccount, releaseOfRound }] = await Promise.all(
    accounting(),
  );
  // Entries never change: a warm environment reads only those that are new to it.
  const ledger = await cached(`ledger/${publisher}/${run}/${JSON.stringify(budget)}`, async () =>
    openLedger(store, ledgerPrefix(run, publisher), { ...budget, account: quickAccount(rounds) }),
  );
  const charged = releaseOfRound(release, round, `${run}/${publisher}`);
  const id = `round/${round}/sum/${publisher}`;
  const entry = { id, release: charged, unit, observers, key };
  const bytes = await publishOnce(store, ledger, entry, storedVectorBytes(values));
  return publishedVectorOf(bytes, key, values.length);
}

/** What charges: loaded only where something is published, so that other workers start sooner. */
function accounting() {
  return [import("../privacy/ledger/ledger.ts"), import("../privacy/calibrate-sums.ts")] as const;
}

/** Noise under one name hides one sum: whatever the sum depends on is part of the name. */
export function publicationOf(
  what: "sum" | "batch" | "mask",
  { run, slot, encoded }: Pick<WorkerContext, "run" | "slot" | "encoded">,
  task: { readonly round: number; readonly weights: Float32Array },
  rest: object,
): string {
  const { weights, round } = task;
  const at = createHash("sha256");
  at.update(new Uint8Array(weights.buffer, weights.byteOffset, weights.byteLength));
  return JSON.stringify([what, run, round, slot, encoded.digest, at.digest("hex"), rest]);
}
