import type { RunRecord } from "../journal/run-record.ts";
import type { RunEvent } from "../ports/events.ts";
import type { Store } from "../ports/store.ts";
import type { ReporterName } from "../reporters/reporter.ts";
import { readHistory } from "../run/finish.ts";
import { readModelFile } from "../run/model-weights.ts";

/** Where a run is told, and who hears of what cannot be told. */
export interface Telling {
  readonly names: readonly ReporterName[];
  /** For reporters that write files. */
  readonly folder: string;
  readonly onNote?: ((text: string) => void) | undefined;
  /** Of the run's clock: what happened up to the round that ended then was told before. */
  readonly afterMs?: number | undefined;
}

export interface ToldRun {
  take(event: RunEvent): void;
  /**
   * When nothing follows: waits until it is told, for a bounded time. Where the run `goesOn`, it is
   * told without its end, which whoever goes on with it tells.
   */
  close(goesOn?: boolean): Promise<void>;
}

/** Events that come at once before what they led to is waited for. */
const drainEvery = 5_000;

/**
 * Tells a run to reporters: what is in the store of it, and then what `take` is given. Loads
 * nothing where there are none.
 */
export async function tellRun(
  record: RunRecord,
  store: Store,
  { names, folder, onNote = () => undefined, afterMs }: Telling,
): Promise<ToldRun> {
  if (names.length === 0) return { take: () => undefined, close: async () => undefined };
  const { openReporters } = await import("../reporters/registry.ts");
  const { run, backend, spec, startedAt } = record;
  const model = () => readModelFile(store, run);
  const about = { run, backend, spec, startedAt: new Date(startedAt), folder, model };
  const reporters = await openReporters(names, about, onNote);
  const untold = eventsAfter(await readHistory(store, run), afterMs);
  for (const [i, event] of untold.entries()) {
    reporters.take(event);
    if (i % drainEvery === drainEvery - 1) await reporters.drain?.();
  }
  return reporters;
}

/** What follows the last round that had ended by then; replies belong to the round they precede. */
function eventsAfter(
  events: readonly RunEvent[],
  afterMs: number | undefined,
): readonly RunEvent[] {
  if (afterMs === undefined) return events;
  const last = events.findLastIndex((event) => event.type === "round" && event.atMs <= afterMs);
  return events.slice(last + 1);
}
