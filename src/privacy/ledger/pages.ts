import { RunError } from "../../core/errors.ts";
import type { Store } from "../../ports/store.ts";
import { entryBytes, type LedgerEntry, parseEntry } from "./entry.ts";

/** Entries that one page repeats, so that a cold reader need not ask for each. */
export const pageEntries = 256;
/** Objects that are asked for at once. */
const aheadMax = 32;

const entryKey = (prefix: string, sequence: number) =>
  `${prefix}${String(sequence).padStart(8, "0")}.json`;
const pageKey = (prefix: string, page: number) =>
  `${prefix}pages/${String(page).padStart(8, "0")}.json`;

/** Writes entry `sequence`, from 1, unless another is there. */
export function writeEntry(store: Store, prefix: string, sequence: number, entry: LedgerEntry) {
  return store.writeOnce(entryKey(prefix, sequence), entryBytes(entry));
}

/**
 * The entries after the first `count`, as far as they go: by pages where there are such, else one
 * by one, twice as many at once each time. Ledgers from before there were pages have entries
 * alone. `pages` is the last page that was there. Throws `RunError` where something is damaged.
 */
export async function readEntries(
  store: Store,
  prefix: string,
  count: number,
): Promise<{ readonly entries: LedgerEntry[]; readonly pages: number }> {
  const entries: LedgerEntry[] = [];
  let pages = 0;
  let ahead = 1;
  for (;;) {
    const next = count + entries.length;
    if (next % pageEntries === 0) {
      const more = await readPages(store, prefix, next / pageEntries);
      for (const page of more) entries.push(...page);
      if (more.length > 0) pages = next / pageEntries + more.length;
      if (more.length > 0) continue;
    }
    // Until the next page would begin.
    const left = pageEntries - (next % pageEntries);
    const keys = Array.from({ length: Math.min(ahead, left) }, (_, i) =>
      entryKey(prefix, next + i + 1),
    );
    const all = await Promise.all(keys.map((key) => store.read(key)));
    const end = all.indexOf(null);
    const there = all.slice(0, end < 0 ? all.length : end);
    for (const [i, bytes] of there.entries()) entries.push(parseEntry(bytes!, keys[i]!));
    if (end >= 0) return { entries: entries, pages };
    ahead = Math.min(aheadMax, 2 * ahead);
  }
}

async function readPages(store: Store, prefix: string, from: number): Promise<LedgerEntry[][]> {
  const pages: LedgerEntry[][] = [];
  for (let ahead = 1; ; ahead = Math.min(aheadMax, 2 * ahead)) {
    const keys = Array.from({ length: ahead }, (_, i) =>
      pageKey(prefix, from + pages.length + i + 1),
    );
    const all = await Promise.all(keys.map((key) => store.read(key)));
    for (const [i, bytes] of all.entries()) {
      if (bytes === null) return pages;
      pages.push(parsePage(bytes, keys[i]!));
    }
  }
}

/** Writes page `page`, from 1, of all the entries, unless it is there. */
export async function writePage(
  store: Store,
  prefix: string,
  page: number,
  entries: readonly LedgerEntry[],
): Promise<void> {
  const own = entries.slice((page - 1) * pageEntries, page * pageEntries);
  const text = JSON.stringify(own.map((entry) => new TextDecoder().decode(entryBytes(entry))));
  await store.writeOnce(pageKey(prefix, page), new TextEncoder().encode(text));
}

function parsePage(bytes: Uint8Array, place: string): LedgerEntry[] {
  const damaged = (cause?: unknown) =>
    new RunError("bad-ledger", `${place}: it is no page of a privacy ledger`, {
      hint: "nothing more is released under this ledger: what was spent is not known",
      cause,
    });
  let texts: unknown;
  try {
    texts = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (cause) {
    throw damaged(cause);
  }
  if (!Array.isArray(texts) || texts.length !== pageEntries) throw damaged();
  return texts.map((text, i) =>
    parseEntry(new TextEncoder().encode(String(text)), `${place}[${i}]`),
  );
}
