import { RunError } from "../core/errors.ts";
import { sealedJson, unsealedJson } from "../core/seals.ts";
import type { Store } from "../ports/store.ts";
import type { Effects } from "../store-effects.ts";
import { budgetKey } from "../store-layout.ts";

export const grantEffects: Effects = {
  roles: ["orchestrator"],
  reads: ["budget"],
  writes: ["budget"],
};

/** Of the budget, how much is granted at a time: the store is asked so much less often. */
const share = 1 / 50;

/**
 * How many dollars a run may have spent, noted in the store before they are: a checkpoint comes
 * after what it tells of, and a process that is killed in between would forget what was under way.
 */
export interface SpendingGrant {
  /** What was noted before this process: all of it may have been spent. */
  readonly beforeUsd: number;
  /** Whether so many dollars in all are noted already. */
  covers(usd: number): boolean;
  /** Notes them, and some more. Rejects where the store does not take it. */
  extend(usd: number): Promise<void>;
  /** Notes what was spent in truth, once nothing else can be. */
  settle(usd: number): Promise<void>;
}

/** Throws `RunError` where what is noted is damaged. */
export async function openSpendingGrant(
  store: Store,
  run: string,
  dollars: number,
): Promise<SpendingGrant> {
  const beforeUsd = await notedUsd(store, run);
  let grantedUsd = beforeUsd;
  let writing: Promise<void> = Promise.resolve();
  const note = (usd: () => number | null): Promise<void> => {
    const written = writing.then(async () => {
      const next = usd();
      if (next === null) return;
      await store.write(budgetKey(run), sealedJson(JSON.stringify({ grantedUsd: next })));
      grantedUsd = next;
    });
    writing = written.catch(() => {});
    return written;
  };
  return {
    beforeUsd,
    covers: (usd) => usd <= grantedUsd,
    extend: (usd) =>
      note(() =>
        usd <= grantedUsd ? null : Math.max(usd, Math.min(dollars, usd + share * dollars)),
      ),
    settle: (usd) => note(() => (usd === grantedUsd ? null : usd)),
  };
}

async function notedUsd(store: Store, run: string): Promise<number> {
  const bytes = await store.read(budgetKey(run));
  if (bytes === null) return 0;
  const { text, seal } = unsealedJson(bytes);
  const grantedUsd =
    seal === "right" ? /^\{"grantedUsd":([\d.e+-]+)\}$/.exec(text)?.[1] : undefined;
  const usd = Number(grantedUsd);
  if (Number.isFinite(usd) && usd >= 0) return usd;
  throw new RunError("damaged-object", `${budgetKey(run)}: it does not tell what may be spent`, {
    hint:
      "remove it, and give a stop.dollars that allows for what was spent after the last " +
      "checkpoint: kofn bill tells what is known of that",
  });
}
