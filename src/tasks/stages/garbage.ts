import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

/** Bytes of arrays that may be garbage before it is collected. */
const slackBytes = 64 * 1024 * 1024;

let collect: (() => void) | null = null;
let leastBytes = 0;

/**
 * Frees arrays that nothing refers to, where there may be many. V8 lets them stand as long as its
 * own small heap has room, however large they are, so that a function that has read one object
 * after another would hold them all.
 */
export function freeArrays(): void {
  const { arrayBuffers } = process.memoryUsage();
  leastBytes = Math.min(leastBytes, arrayBuffers);
  if (arrayBuffers < leastBytes + slackBytes) return;
  collect ??= collector();
  collect();
  leastBytes = process.memoryUsage().arrayBuffers;
}

function collector(): () => void {
  setFlagsFromString("--expose-gc");
  return runInNewContext("gc") as () => void;
}
