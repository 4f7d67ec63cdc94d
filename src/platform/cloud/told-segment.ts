import type { RunRecord } from "../../journal/run-record.ts";
import type { RunEvent } from "../../ports/events.ts";
import type { Store } from "../../ports/store.ts";
import { tellRun } from "../tell-run.ts";

/** Files are for a home: a function has none that anybody reads. */
const byNetwork = ["otlp", "mlflow"] as const;
/** Left of an invocation after the telling, for its report to be kept. */
const reserveMs = 3_000;

export interface ToldSegment {
  take(event: RunEvent): void;
  /**
   * Sends what is on its way, for as long as the invocation allows. Returns the time of the last
   * round that was told, on the run's clock; undefined where nobody listens. Once is enough.
   */
  close(goesOn: boolean): Promise<number | undefined>;
}

/**
 * Tells one segment of a run where its spec says so: an invocation sends its own spans and numbers
 * before it ends. What was told by segments that ended well, up to `toldMs`, is not told again;
 * what a killed one had sent is, under the same ids.
 */
export async function tellSegment(
  record: RunRecord,
  store: Store,
  { toldMs, remainingMs }: { readonly toldMs: number | undefined; remainingMs(): number },
): Promise<ToldSegment> {
  const names = byNetwork.filter((name) => record.spec.report?.includes(name));
  if (names.length === 0) return { take: () => undefined, close: async () => undefined };
  const onNote = (note: string) => console.warn(note);
  const told = await tellRun(record, store, { names, folder: "", onNote, afterMs: toldMs });
  let lastMs = toldMs ?? 0;
  let closing: Promise<number | undefined> | null = null;
  return {
    take(event) {
      if (event.type === "round") lastMs = event.atMs;
      told.take(event);
    },
    close(goesOn) {
      closing ??= send(goesOn);
      return closing;
    },
  };

  async function send(goesOn: boolean): Promise<number | undefined> {
    const leftMs = Math.max(0, remainingMs() - reserveMs);
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<"late">((resolve) => {
      timer = setTimeout(resolve, leftMs, "late");
    });
    const ended = await Promise.race([told.close(goesOn), late]);
    clearTimeout(timer);
    if (ended === "late")
      onNote("report: what could not be sent in time is sent by the next segment");
    return ended === "late" ? toldMs : lastMs;
  }
}
