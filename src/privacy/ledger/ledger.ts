import { RunError } from "../../core/errors.ts";
import type { Store } from "../../ports/store.ts";
import type { MechanismUse } from "../release.ts";
import { entryBytes, type LedgerEntry, parseEntry } from "./entry.ts";

/** What may be spent, and how releases add up. */
export interface LedgerBudget {
  readonly epsilon: number;
  readonly delta: number;
  /** The epsilon of these releases together, at `delta`; never below the truth. */
  account(releases: readonly MechanismUse[], delta: number): number;
}

/**
 * A privacy budget's ledger, append-only in a store. Laws (tested against S3): an entry is charged
 * before what it is for is published, and never taken back; one id is charged once; however many
 * write at once, the entries together stay within the budget.
 */
export interface Ledger {
  /**
   * Charges an entry, or finds it charged already. Throws `RunError` where the budget would not
   * hold it, and nothing is charged then.
   */
  reserve(entry: LedgerEntry): Promise<LedgerEntry>;
  /** Notes that what an entry is for was published; it counts without, too. */
  commit(id: string): Promise<void>;
  /** Everything charged so far, in its order. */
  entries(): Promise<readonly LedgerEntry[]>;
  /** The epsilon of everything charged so far. */
  spent(): Promise<number>;
}

/**
 * The ledger below `prefix`. Entry n is written once, by whoever has read all before it: so each is
 * checked against the true sum. Nobody can write an entry without knowing those before.
 */
export function openLedger(store: Store, prefix: string, budget: LedgerBudget): Ledger {
  const known: LedgerEntry[] = [];
  const keyOf = (sequence: number) => `${prefix}${String(sequence).padStart(8, "0")}.json`;
  const readOn = async () => {
    for (;;) {
      const key = keyOf(known.length + 1);
      const bytes = await store.read(key);
      if (bytes === null) return;
      const entry = parseEntry(bytes, key);
      // Whoever else reads on meanwhile may have been quicker.
      if (keyOf(known.length + 1) === key) known.push(entry);
    }
  };
  return {
    async reserve(entry) {
      for (;;) {
        await readOn();
        const before = known.find(({ id }) => id === entry.id);
        if (before !== undefined) return sameAs(before, entry);
        refuseOver(budget, known, entry);
        // Lost to another writer: its entry is read, and the sum is checked again.
        await store.writeOnce(keyOf(known.length + 1), entryBytes(entry));
      }
    },
    async commit(id) {
      await store.writeOnce(committedKey(prefix, id), new Uint8Array(0));
    },
    async entries() {
      await readOn();
      return [...known];
    },
    async spent() {
      await readOn();
      return spentBy(budget, known);
    },
  };
}

/** Where a release's having been published is noted. */
export function committedKey(prefix: string, id: string): string {
  return `${prefix}committed/${id}`;
}

function spentBy({ account, delta }: LedgerBudget, entries: readonly LedgerEntry[]): number {
  return account(
    entries.map(({ release }) => release),
    delta,
  );
}

function refuseOver(budget: LedgerBudget, known: readonly LedgerEntry[], entry: LedgerEntry): void {
  const after = spentBy(budget, [...known, entry]);
  if (after <= budget.epsilon) return;
  const spent = spentBy(budget, known);
  throw new RunError(
    "over-budget",
    `${entry.id}: epsilon would be ${after.toPrecision(9)}, and the budget is ${budget.epsilon} ` +
      `(delta ${budget.delta}), of which ${spent.toPrecision(9)} is spent`,
    {
      hint: "nothing was released; more needs a larger budget, decided by whose data it is",
      kind: "budget",
    },
  );
}

/** The same name for another release would be one charge for two. */
function sameAs(before: LedgerEntry, entry: LedgerEntry): LedgerEntry {
  const written = (one: LedgerEntry) => new TextDecoder().decode(entryBytes(one));
  if (canonical(before) === canonical(entry)) return before;
  throw new RunError(
    "other-release",
    `${entry.id} was charged as ${written(before)}, and is now to be ${written(entry)}`,
    { hint: "a release is what it was when it was charged; give another one another name" },
  );
}

function canonical({ release, ...rest }: LedgerEntry): string {
  const sorted = (object: object) => Object.entries(object).sort(([a], [b]) => (a < b ? -1 : 1));
  return JSON.stringify([sorted(rest), sorted(release)]);
}
