/// <reference lib="dom" />

/** Between two updates at least, so that a page that follows a fast run stays quick to the hand. */
const restMsMin = 200;
/** Updates may take this share of the time. */
const busyShareMax = 0.2;

/**
 * Returns what asks for an update: its steps run one after the other, each in a turn of its own,
 * so that none holds up a frame for longer than itself. Asked for again meanwhile, they run once
 * more afterwards.
 */
export function inTurns(steps: readonly (() => void)[]): () => void {
  let isRunning = false;
  let isWanted = false;
  const run = async () => {
    isRunning = true;
    while (isWanted) {
      isWanted = false;
      let busyMs = 0;
      for (const step of steps) {
        const startMs = performance.now();
        step();
        busyMs += performance.now() - startMs;
        await new Promise((resolve) => setTimeout(resolve));
      }
      const restMs = Math.max(restMsMin, busyMs / busyShareMax);
      await new Promise((resolve) => setTimeout(resolve, restMs));
    }
    isRunning = false;
  };
  return () => {
    isWanted = true;
    if (!isRunning) void run();
  };
}
