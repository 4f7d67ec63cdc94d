import { hash } from "node:crypto";
import { batchIn } from "../journal/checkpoint.ts";
import type { RunEvent } from "../ports/events.ts";
import type { Store } from "../ports/store.ts";
import { prefixIn } from "../store-layout.ts";

/** A batch of the log that was read: its key and the SHA-256 of its bytes, in hex. */
export interface LogPosition {
  readonly key: string;
  readonly digest: string;
}

export type LogChange =
  | { readonly kind: "reset" }
  | {
      readonly kind: "batch";
      readonly position: LogPosition;
      readonly events: readonly RunEvent[];
    };

/**
 * Follows a run's event log from `from` on, or from its beginning. Each call returns what changed
 * since the last one. A crash leaves a batch behind the checkpoint that a resume writes anew: then
 * all is sent again after a `reset`. Throws `RunError` where a batch is damaged.
 */
export function logFollower(
  run: string,
  from: LogPosition | null,
): (store: Store) => Promise<LogChange[]> {
  let last = from;
  return async (store) => {
    const changes: LogChange[] = [];
    if (last !== null && !(await isStill(store, last))) {
      last = null;
      changes.push({ kind: "reset" });
    }
    for (const key of await store.list(prefixIn(run, "events"))) {
      if (last !== null && key <= last.key) continue;
      const bytes = await store.read(key);
      if (bytes === null) break;
      const { events, before } = batchIn(bytes, key);
      // What a crash left goes on from a batch that is not there any more.
      if (last !== null && before !== undefined && before !== last.digest) break;
      last = { key, digest: digestOf(bytes) };
      changes.push({ kind: "batch", position: last, events });
    }
    return changes;
  };
}

async function isStill(store: Store, { key, digest }: LogPosition): Promise<boolean> {
  const bytes = await store.read(key);
  return bytes !== null && digestOf(bytes) === digest;
}

function digestOf(bytes: Uint8Array): string {
  return hash("sha256", bytes, "hex");
}
