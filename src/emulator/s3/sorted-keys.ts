import { compareUtf8 } from "../../core/utf8-order.ts";

/** A set of keys kept in the order of their UTF-8 bytes. */
export interface SortedKeys {
  add(key: string): void;
  remove(key: string): void;
  /** The place of the first key that is not before `key`. */
  from(key: string): number;
  at(place: number): string | undefined;
  readonly length: number;
}

export function sortedKeys(given: Iterable<string>): SortedKeys {
  const keys = [...given].sort(compareUtf8);
  const from = (key: string): number => {
    let low = 0;
    let high = keys.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (compareUtf8(keys[middle]!, key) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  };
  return {
    add(key) {
      const place = from(key);
      if (keys[place] !== key) keys.splice(place, 0, key);
    },
    remove(key) {
      const place = from(key);
      if (keys[place] === key) keys.splice(place, 1);
    },
    from,
    at: (place) => keys[place],
    get length() {
      return keys.length;
    },
  };
}
