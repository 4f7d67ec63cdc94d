import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

/** Bytes of arrays that may be garbage before it is collected. */
const slackBytes = 64 * 1024 * 1024;

let collect: (() => void) | null = null;
/** What was in use when garbage was collected last, and when that was between two tasks. */
let usedBytes = 0;
let idleBytes = 0;

/**
 * Frees arrays that nothing refers to, where there may be many. V8 lets them stand as long as its
 * own small heap has room, however large they are, so that a function that has read one object
 * after another would hold them all. `at`: what was in use last is in use no more.
 */
export function freeArrays(at?: "idle"): void {
  const { arrayBuffers } = process.memoryUsage();
  if (at === "idle") usedBytes = idleBytes;
  usedBytes = Math.min(usedBytes, arrayBuffers);
  if (arrayBuffers < usedBytes + slackBytes) return;
  collect ??= collector();
  collect();
  usedBytes = process.memoryUsage().arrayBuffers;
  if (at === "idle") idleBytes = usedBytes;
}

/** Its arrays go with it: swept beside what runs, they would stand while the next ones are read. */
function collector(): () => void {
  setFlagsFromString("--no-concurrent-array-buffer-sweeping");
  setFlagsFromString("--expose-gc");
  return runInNewContext("gc") as () => void;
}

/** Large objects that are read or written side by side: each has its bytes beside its numbers. */
const objectsAtOnce = 4;

/** Works on large objects, a few at a time, what is garbage freed before each. In their order. */
export async function fewAtOnce<In, Out>(
  list: readonly In[],
  work: (one: In) => Promise<Out>,
): Promise<Out[]> {
  const done: Out[] = [];
  let next = 0;
  const goOn = async () => {
    while (next < list.length) {
      const at = next++;
      freeArrays();
      done[at] = await work(list[at]!);
    }
  };
  await Promise.all(Array.from({ length: objectsAtOnce }, goOn));
  return done;
}
