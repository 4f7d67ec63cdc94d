/** Time, which a simulation owns as well. */
export interface Clock {
  /** Milliseconds since some fixed moment; never goes back. */
  nowMs(): number;
  /** Calls `wake` once at `atMs` or as soon after as possible. Returns the way to call it off. */
  schedule(atMs: number, wake: () => void): () => void;
  /**
   * Returns after something may have happened; called by whoever has nothing left to do. Real time
   * waits for `woken`; a virtual clock moves on to its next event instead.
   */
  rest(woken: Promise<void>): Promise<void>;
  /**
   * For a clock whose time need not be waited for: goes on to its next event or to `untilMs`,
   * whichever is first (at one moment the event), before it returns. False where it cannot, and
   * only a rest helps.
   */
  advance?(untilMs: number): boolean;
}
