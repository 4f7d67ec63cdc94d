import { randomFrom } from "../core/random.ts";

const firstMs = 25;
const mostMs = 5_000;

/**
 * How long the dispatcher waits before it starts a lost task again, after so many losses in a row
 * (at least one). Between half and the whole of a bound that doubles each time, so that slots which
 * were refused together do not all come back together. The draw hangs on the lost task's name: a
 * replay waits as long. Quorums go by it, and so do plans, whose clock is held to the machine's.
 */
export function retryAfterMs(losses: number, task: string): number {
  const boundMs = Math.min(mostMs, firstMs * 2 ** (losses - 1));
  return boundMs * (0.5 + 0.5 * randomFrom(`retry/${task}`).uniform());
}

/** A lost task, and what limits the time of its next try. */
export interface Lost {
  readonly task: string;
  readonly losses: number;
  readonly atMs: number;
  /** The delay that the platform asked for (Retry-After), if any. */
  readonly askedMs: number | undefined;
  /** When the run gives up unless somebody replies. */
  readonly givesUpMs: number;
}

/**
 * When it is asked for again: not before the platform wishes, as far as that is in the first half
 * of the patience that is left; a run must not give up on a slot that it never asked again.
 */
export function nextTryMs({ task, losses, atMs, askedMs = 0, givesUpMs }: Lost): number {
  const heededMs = Math.min(askedMs, (givesUpMs - atMs) / 2);
  return atMs + Math.max(heededMs, retryAfterMs(losses, task));
}
