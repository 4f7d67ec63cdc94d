import { setTimeout as sleep } from "node:timers/promises";
import { RunError } from "../../core/errors.ts";
import { jsonBytes } from "../../core/json.ts";
import type { Store } from "../../ports/store.ts";
import { readJson } from "../../run/finish.ts";
import type { Effects } from "../../store-effects.ts";
import { spendingKey, spendingPrefix } from "../../store-layout.ts";

/** One change of what a stage has spent or reserved on a day. */
interface Entry {
  readonly run: string;
  readonly at: string;
  /** Below zero for what was reserved and is given back. */
  readonly usd: number;
  /** With all entries before it. */
  readonly totalUsd: number;
}

/** What all runs of a stage have spent or reserved on a day. */
export interface SpendingLedger {
  /**
   * Adds `mostUsd`, or as much of it as the cap leaves, but no less than `leastUsd`. Returns what
   * was added; 0 where the least would exceed the cap.
   */
  reserve(
    day: string,
    usd: { readonly leastUsd: number; readonly mostUsd: number },
  ): Promise<number>;
  giveBack(day: string, usd: number): Promise<void>;
  totalUsd(day: string): Promise<number>;
}

export const spendingEffects: Effects = {
  roles: ["orchestrator"],
  reads: ["spending"],
  writes: ["spending"],
};

const pauseMsFirst = 20;
const pauseMsMost = 2_000;

/** The day that an instant belongs to; days begin at midnight UTC, as AWS's do. */
export function dayOf(atMs: number): string {
  return new Date(atMs).toISOString().slice(0, 10);
}

/**
 * Entries with numbers, each written once, where none is yet, by somebody who has read the one
 * before: so of many runs at once one is next, and nobody adds to a total that is out of date.
 * Needs nothing of the store but that two cannot both write an absent key. What an orchestrator
 * reserved and never gave back, as it was lost, stays spent.
 */
export function spendingLedger(
  store: Store,
  { run, capUsd }: { readonly run: string; readonly capUsd: number },
): SpendingLedger {
  const newest = new Map<string, { readonly number: number; readonly totalUsd: number }>();

  async function last(day: string) {
    let one = newest.get(day) ?? (await listed(store, day));
    for (;;) {
      const key = spendingKey(day, one.number + 1);
      const next = await readJson<Entry>(store, key);
      if (next === null) break;
      one = { number: one.number + 1, totalUsd: checked(next.totalUsd, key) };
    }
    newest.set(day, one);
    return one;
  }

  /** Adds what `choose` makes of the total so far; nothing where that is null. */
  async function add(day: string, choose: (totalUsd: number) => number | null): Promise<number> {
    for (let attempt = 0; ; attempt++) {
      const { number, totalUsd } = await last(day);
      const usd = choose(totalUsd);
      if (usd === null) return 0;
      const entry: Entry = {
        ...{ run, usd, totalUsd: totalUsd + usd },
        at: new Date().toISOString(),
      };
      if (await store.writeOnce(spendingKey(day, number + 1), jsonBytes(entry))) {
        newest.set(day, { number: number + 1, totalUsd: entry.totalUsd });
        return usd;
      }
      // Somebody was quicker. Those who wait for different times meet less often.
      await sleep(Math.random() * Math.min(pauseMsMost, pauseMsFirst * 2 ** attempt));
    }
  }

  return {
    reserve: (day, { leastUsd, mostUsd }) =>
      add(day, (totalUsd) => {
        const usd = Math.min(Math.max(leastUsd, mostUsd), capUsd - totalUsd);
        return usd < leastUsd ? null : usd;
      }),
    async giveBack(day, usd) {
      if (usd > 0) await add(day, () => -usd);
    },
    totalUsd: async (day) => (await last(day)).totalUsd,
  };
}

async function listed(store: Store, day: string) {
  const key = (await store.list(spendingPrefix(day))).at(-1);
  if (key === undefined) return { number: 0, totalUsd: 0 };
  const entry = await readJson<Entry>(store, key);
  const number = Number(/(\d+)\.json$/.exec(key)?.[1]);
  return { number, totalUsd: checked(entry?.totalUsd, key) };
}

function checked(totalUsd: number | undefined, key: string): number {
  if (totalUsd !== undefined && Number.isFinite(totalUsd) && totalUsd >= -1e-6) return totalUsd;
  throw new RunError("damaged-object", `${key}: it is no entry of what a stage has spent`, {
    hint: "remove the objects of that day below spending/: its cap then counts from nothing",
  });
}
