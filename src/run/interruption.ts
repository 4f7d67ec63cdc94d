import { RunError } from "../core/errors.ts";
import type { Clock } from "../ports/clock.ts";
import type { Store } from "../ports/store.ts";
import { cancelKey } from "../store-layout.ts";

/** The reason of a segment that ran out of its invocation's time: the next segment continues. */
export const segmentOver = "the segment's time was up";

const cancelCheckMs = 1_000;

/** The reasons to stop from outside the run, and a promise that resolves with the first of them. */
export function outsideReasons(
  store: Store,
  run: string,
  { signal, clock }: { readonly signal?: AbortSignal; readonly clock: Clock },
  budgetMs: number,
): { interrupted: Promise<void>; reason(): string | null; close(): void } {
  let wake = () => {};
  const interrupted = new Promise<void>((resolve) => (wake = resolve));
  let reason: string | null = null;
  const stop = (why: string) => () => {
    reason ??= why;
    wake();
  };
  const abort = () => stop(reasonOf(signal))();
  if (signal?.aborted) abort();
  else signal?.addEventListener("abort", abort, { once: true });
  const forgetBudget = clock.schedule(clock.nowMs() + budgetMs, wake);
  // In real time even where the run's clock is a simulation's: a person is waiting.
  const look = setInterval(() => {
    // The checkpointer reports a store that does not answer; this looks again anyway.
    store.read(cancelKey(run)).then(
      (mark) => mark !== null && stop("cancelled")(),
      () => undefined,
    );
  }, cancelCheckMs);
  return {
    interrupted,
    reason: () => reason,
    close() {
      clearInterval(look);
      forgetBudget();
      signal?.removeEventListener("abort", abort);
    },
  };
}

function reasonOf(signal: AbortSignal | undefined): string {
  const reason: unknown = signal?.reason;
  if (reason instanceof RunError) return reason.message;
  return (reason as Error | undefined)?.name === "TimeoutError" ? segmentOver : "interrupted";
}
