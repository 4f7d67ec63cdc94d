import { assert } from "../../core/errors.ts";
import type { Store } from "../../ports/store.ts";
import type { LedgerEntry } from "./entry.ts";
import type { Ledger } from "./ledger.ts";

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
