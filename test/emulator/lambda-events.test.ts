import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { openEvents } from "../../src/emulator/lambda/events.ts";
import type { InvocationOutcome } from "../../src/emulator/lambda/invoke.ts";
import { temporaryFolder } from "./s3-listener.ts";

const folder = temporaryFolder();
afterAll(() => folder.remove());
const done: InvocationOutcome = { functionError: undefined, body: [], bytes: 0, log: undefined };

/** Events whose function answers, and is noted to have answered, when the test says so. */
async function eventsIn(name: string) {
  const [running, answered, noted] = [0, 1, 2].map(() => Promise.withResolvers<void>());
  const directory = join(folder.path, name);
  const events = await openEvents({
    directory,
    async run() {
      running!.resolve();
      await answered!.promise;
      return done;
    },
    invoked: () => noted!.promise,
  });
  await events.accept({} as never, Buffer.from("{}"), "one");
  await running!.promise;
  return { events, answered: answered!, noted: noted!, kept: () => readdir(directory) };
}

test("what was answered before the close is over with it, and not run again", async () => {
  const { events, answered, noted, kept } = await eventsIn("before");
  answered.resolve();
  // The answer is in, and what follows it is under way.
  await new Promise((resolve) => setImmediate(resolve));
  const closed = events.close();
  expect(await kept()).toEqual(["one.json"]);
  noted.resolve();
  await closed;
  expect(await kept()).toEqual([]);
});

test("what is answered after it is kept for the next start", async () => {
  const { events, answered, noted, kept } = await eventsIn("after");
  await events.close();
  answered.resolve();
  noted.resolve();
  await new Promise((resolve) => setImmediate(resolve));
  expect(await kept()).toEqual(["one.json"]);
});
