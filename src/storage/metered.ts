import { prices, putRequests } from "../limits.ts";
import type { Store } from "../ports/store.ts";

/** What a store was used for, in S3's units and dollars. */
export interface StoreUsage {
  readonly gets: number;
  /** Writes and listings, which cost the same; a large object counts its parts. */
  readonly puts: number;
  readonly bytesRead: number;
  readonly bytesWritten: number;
  readonly costUsd: number;
}

export interface MeteredStore extends Store {
  usage(): StoreUsage;
}

const keysPerListing = 1000;

/** A store around a store that counts what S3 would charge for. Refused writes are charged too. */
export function meteredStore(inner: Store): MeteredStore {
  const tally = { gets: 0, puts: 0, bytesRead: 0, bytesWritten: 0 };
  const countPut = (bytes: Uint8Array) => {
    tally.puts += putRequests(bytes.length);
    tally.bytesWritten += bytes.length;
  };
  const { removeAll } = inner;
  return {
    ...(removeAll && { removeAll }),
    async read(key) {
      tally.gets += 1;
      const bytes = await inner.read(key);
      tally.bytesRead += bytes?.length ?? 0;
      return bytes;
    },
    write(key, bytes) {
      countPut(bytes);
      return inner.write(key, bytes);
    },
    writeOnce(key, bytes) {
      countPut(bytes);
      return inner.writeOnce(key, bytes);
    },
    async list(prefix) {
      const keys = await inner.list(prefix);
      tally.puts += Math.max(1, Math.ceil(keys.length / keysPerListing));
      return keys;
    },
    remove: (key) => inner.remove(key),
    usage: () => ({
      ...tally,
      costUsd: tally.gets * prices.s3.usdPerGet + tally.puts * prices.s3.usdPerPut,
    }),
  };
}
