import type { PrivacySpent } from "../ports/events.ts";
import type { Store } from "../ports/store.ts";
import { accountReleases as accountOf } from "../privacy/account.ts";
import { messageEpsilon as ofMessages } from "../privacy/accountants/additive.ts";
import type { LedgerEntry } from "../privacy/ledger/entry.ts";
import { openLedger } from "../privacy/ledger/ledger.ts";
import type { MechanismUse } from "../privacy/release.ts";
import type { RunSpec } from "../spec/run-spec.ts";
import { ledgerPrefix, type NoiseOwner } from "../store-layout.ts";

/**
 * What a private run has spent, by its nodes' ledgers and not by its plan: unused messages count.
 * Nodes hold different records, so the largest epsilon of a node is everyone's.
 */
export async function privacySpent(
  store: Store,
  run: string,
  { privacy, workers }: RunSpec,
): Promise<PrivacySpent | null> {
  if (privacy === undefined) return null;
  const { epsilon: budget, delta, unit, adjacency } = privacy;
  let epsilon = 0;
  let released = 0;
  let observers: LedgerEntry["observers"] = "nobody yet";
  const publishers: NoiseOwner[] = Array.from({ length: workers }, (_, node) => node);
  for (const publisher of [...publishers, "aggregator"] as const) {
    const account = { epsilon: budget, delta, account: epsilonOf };
    const entries = await openLedger(store, ledgerPrefix(run, publisher), account).entries();
    released += entries.length;
    observers = entries[0]?.observers ?? observers;
    const releases = entries.map(({ release }) => release);
    epsilon = Math.max(epsilon, epsilonOf(releases, delta));
  }
  return { epsilon, delta, budget, unit, adjacency, released, observers };
}

function epsilonOf(releases: readonly MechanismUse[], delta: number): number {
  const isSampled = releases.some(({ mechanism }) => mechanism === "dp-sgd");
  return isSampled ? accountOf(releases, delta).epsilon : ofMessages(releases, delta);
}
