import { setImmediate as turn } from "node:timers/promises";
import { randomFrom } from "../../src/core/random.ts";
import type { Store } from "../../src/ports/store.ts";

/** How often a store fails. Probabilities between 0 and 1; absent means never. */
export interface StoreFaults {
  readonly seed: number | string;
  /** Fails before anything is done. */
  readonly failures?: number;
  /** Does the work, then fails: the caller cannot know. */
  readonly lostReplies?: number;
  /** Turns of the event loop that a call waits for, in the mean; exponentially distributed. */
  readonly turns?: number;
}

/**
 * A store around a store that fails and delays; what happens to a call is a function of the seed,
 * the operation, the key and how often that was called before, not of the order of calls.
 */
export function flakyStore(inner: Store, faults: StoreFaults): Store {
  const root = randomFrom(faults.seed);
  const attempts = new Map<string, number>();
  const struck = async <T>(operation: string, key: string, act: () => Promise<T>): Promise<T> => {
    const label = `${operation}/${key}`;
    const attempt = attempts.get(label) ?? 0;
    attempts.set(label, attempt + 1);
    const random = root.fork(`${label}/${attempt}`);
    const turns = Math.round(-Math.log(1 - random.uniform()) * (faults.turns ?? 0));
    const draw = random.uniform();
    const { failures = 0, lostReplies = 0 } = faults;
    for (let i = 0; i < turns; i++) await turn();
    const failure = () => new Error(`${operation} of ${key} failed, as asked (attempt ${attempt})`);
    if (draw < failures) throw failure();
    const result = await act();
    if (draw < failures + lostReplies) throw failure();
    return result;
  };
  return {
    read: (key) => struck("read", key, () => inner.read(key)),
    write(key, bytes) {
      const copy = new Uint8Array(bytes);
      return struck("write", key, () => inner.write(key, copy));
    },
    writeOnce(key, bytes) {
      const copy = new Uint8Array(bytes);
      return struck("write-once", key, () => inner.writeOnce(key, copy));
    },
    list: (prefix) => struck("list", prefix, () => inner.list(prefix)),
    remove: (key) => struck("remove", key, () => inner.remove(key)),
  };
}
