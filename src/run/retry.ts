const firstMs = 25;
const mostMs = 5_000;

/**
 * How long a lost task is left alone before it is asked for again, after so many losses in a row:
 * at least one. Quorums go by it, and so do plans, whose clock is held to the machine's.
 */
export function retryAfterMs(losses: number): number {
  return Math.min(mostMs, firstMs * 2 ** (losses - 1));
}
