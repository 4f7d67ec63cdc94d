import type { Store } from "./store.ts";

/** Where a store has no request for many at once. */
const atOnceMax = 16;

/** Removes objects in as few requests as the store allows. A repetition removes what is left. */
export async function removeAll(store: Store, keys: readonly string[]): Promise<void> {
  if (keys.length === 0) return;
  if (store.removeAll !== undefined) return store.removeAll(keys);
  for (let from = 0; from < keys.length; from += atOnceMax)
    await Promise.all(keys.slice(from, from + atOnceMax).map((key) => store.remove(key)));
}
