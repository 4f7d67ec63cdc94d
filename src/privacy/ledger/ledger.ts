import { assert, RunError } from "../../core/errors.ts";
import type { Store } from "../../ports/store.ts";
import type { MechanismUse } from "../release.ts";
import { entryBytes, type LedgerEntry } from "./entry.ts";
import { pageEntries, readEntries, writeEntry, writePage } from "./pages.ts";
import { Tally } from "./tally.ts";

/** What may be spent, and how releases add up. */
export interface LedgerBudget {
  readonly epsilon: number;
  readonly delta: number;
  /**
   * The epsilon of these releases together, at `delta`; never below the truth. Equal ones come as
   * one with their number of times or steps.
   */
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
 * checked against the true sum. Nobody can write an entry without knowing those before. Full pages
 * of entries are written besides, for whoever opens it cold; a ledger without them is read as well.
 */
export function openLedger(store: Store, prefix: string, budget: LedgerBudget): Ledger {
  const allEntries: LedgerEntry[] = [];
  const byId = new Map<string, LedgerEntry>();
  const tally = new Tally();
  let pagesDone = 0;
  const note = (entry: LedgerEntry) => {
    allEntries.push(entry);
    byId.set(entry.id, entry);
    tally.add(entry.release);
  };
  const readOn = async () => {
    const from = allEntries.length;
    const { entries, pages } = await readEntries(store, prefix, from);
    // Whoever else reads on meanwhile may have been quicker.
    for (const entry of entries.slice(allEntries.length - from)) {
      if (byId.has(entry.id)) throw repeatedEntry(prefix, entry);
      note(entry);
    }
    pagesDone = Math.max(pagesDone, pages);
  };
  /** For whoever opens it cold. Left out by a crash, it is made up for by the next that charges. */
  const writePages = async () => {
    const full = Math.floor(allEntries.length / pageEntries);
    while (pagesDone < full) await writePage(store, prefix, ++pagesDone, allEntries);
  };
  return {
    async reserve(entry) {
      for (;;) {
        await readOn();
        const before = byId.get(entry.id);
        if (before !== undefined) {
          await writePages();
          return sameAs(before, entry);
        }
        refuseOver(budget, tally, entry);
        const sequence = allEntries.length + 1;
        // Lost to another writer: its entry is read, and the sum is checked again.
        if (!(await writeEntry(store, prefix, sequence, entry))) continue;
        if (allEntries.length < sequence) note(entry);
        await writePages();
        return entry;
      }
    },
    async commit(id) {
      await store.writeOnce(committedKey(prefix, id), new Uint8Array(0));
    },
    async entries() {
      await readOn();
      for (const key of await store.list(`${prefix}committed/`))
        if (!byId.has(key.slice(`${prefix}committed/`.length))) throw missingEntry(key);
      return [...allEntries];
    },
    async spent() {
      await readOn();
      return spentBy(budget, tally);
    },
  };
}

function repeatedEntry(prefix: string, { id }: LedgerEntry): RunError {
  return new RunError("bad-ledger", `${prefix}: ${id} stands in it twice, and is charged once`, {
    hint: "nothing more is released under this ledger: put back a copy of its entries",
  });
}

function missingEntry(key: string): RunError {
  return new RunError("bad-ledger", `${key}: what it notes as published was charged nowhere`, {
    hint: "nothing more is released under this ledger: put back a copy of its entries",
  });
}

/** Where a release's having been published is noted. */
export function committedKey(prefix: string, id: string): string {
  return `${prefix}committed/${id}`;
}

function spentBy({ account, delta }: LedgerBudget, tally: Tally, more?: LedgerEntry): number {
  return account(tally.releases(more?.release), delta);
}

function refuseOver(budget: LedgerBudget, tally: Tally, entry: LedgerEntry): void {
  const after = spentBy(budget, tally, entry);
  if (after <= budget.epsilon) return;
  const spent = spentBy(budget, tally);
  throw new RunError(
    "over-budget",
    `${entry.id}: epsilon would be ${after.toPrecision(9)}, and the budget is ${budget.epsilon} ` +
      `(delta ${budget.delta}), of which ${spent.toPrecision(9)} is spent`,
    { hint: "nothing was released; more needs a larger budget, decided by whose data it is" },
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

/**
 * Publishes a release: reserve, put if absent, commit. Returns what is published under its key,
 * which is what an earlier attempt put there if there was one: an object once read by others never
 * changes, and is paid for once. A crash between any two steps leaves it paid.
 */
export async function publishOnce(
  store: Store,
  ledger: Ledger,
  entry: LedgerEntry,
  bytes: Uint8Array,
): Promise<Uint8Array> {
  await ledger.reserve(entry);
  const isFirst = await store.writeOnce(entry.key, bytes);
  const published = isFirst ? bytes : await store.read(entry.key);
  assert(published !== null, "what is there already can be read");
  await ledger.commit(entry.id);
  return published;
}
