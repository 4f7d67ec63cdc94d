import { Worker } from "node:worker_threads";
import { expect, test } from "vitest";
import { endOf, specs } from "./concurrent-runs.ts";

/*
 * A process that answers several tasks at once, and threads that do so side by side, as on Lambda
 * Managed Instances: tasks of different runs share no state of any module, so that each run comes
 * to the same bits as alone.
 */

const alone: object[] = [];

test("tasks of several runs that take turns in one process: the same bits as alone", async () => {
  for (const spec of specs) alone.push(await endOf(spec));
  expect(alone).toEqual(alone.map(() => expect.objectContaining({ stop: "done" })));
  expect(await Promise.all(specs.map(endOf))).toEqual(alone);
});

test("and so they do in two threads at once", async () => {
  const threads = [0, 1].map(
    () => new Worker(new URL("./concurrent-thread.ts", import.meta.url), { workerData: specs }),
  );
  const ends = threads.map(
    (thread) =>
      new Promise((resolve, reject) => thread.once("message", resolve).once("error", reject)),
  );
  const [first, second] = await Promise.all(ends);
  await Promise.all(threads.map((thread) => thread.terminate()));
  expect(first).toEqual(second);
  expect(first).toEqual(alone);
});
