import { writeFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { expect, test } from "vitest";
import { bundleFolder } from "../../src/platform/local/paths.ts";
import { given, illCloud, undisturbed } from "./cloud.ts";
import { movableClock } from "./movable-clock.ts";

/**
 * A worker of another version of the messages until a file is there: the deployed bundle, told
 * that the request speaks another version than its own.
 */
async function olderWorker(folder: string): Promise<void> {
  const bundle = pathToFileURL(join(await bundleFolder("worker"), "worker.mjs"));
  const code = `
    import { existsSync } from "node:fs";
    import { handler as current } from ${JSON.stringify(bundle.href)};
    export const handler = awslambda.streamifyResponse((event, reply, context) => {
      const isReplaced = existsSync(${JSON.stringify(join(folder, "replaced"))});
      return current(isReplaced ? event : { ...event, version: event.version + 1 }, reply, context);
    });`;
  await writeFile(join(folder, "older.mjs"), code);
}

test("workers replaced in the middle of a redeploy: their answers count from then on", async () => {
  const directory = await mkdtemp(join(tmpdir(), "kofn-older-"));
  await olderWorker(directory);
  await using cloud = await illCloud({ worker: { directory, handler: "older.handler" } });
  let losses = 0;
  const { end, result, events } = await cloud.train({
    listen(event) {
      if (event.type !== "arrival" || event.fate !== "lost" || ++losses !== 6) return;
      writeFileSync(join(directory, "replaced"), "");
    },
  });
  await rm(directory, { recursive: true });
  expect(end.stop.kind).toBe("done");
  expect(result.weightsDigest).toBe(await undisturbed());
  const refused = events.filter((event) => event.type === "arrival" && event.fate === "lost");
  expect(refused.length).toBeGreaterThanOrEqual(6);
  for (const event of refused)
    expect(event).toMatchObject({ reason: expect.stringMatching(/speaks version \d+ of kofn's/) });
});

test("workers of another version for good: it stops and says to deploy both", async () => {
  const directory = await mkdtemp(join(tmpdir(), "kofn-older-"));
  await olderWorker(directory);
  await using cloud = await illCloud({ worker: { directory, handler: "older.handler" } });
  const clock = movableClock();
  let refusals = 0;
  const { end } = await cloud.train({
    clock,
    listen(event) {
      if (event.type === "arrival" && ++refusals === 6) clock.skip(1000 * given.stop.patience);
    },
  });
  await rm(directory, { recursive: true });
  expect(end.stop.kind).toBe("unfinished");
  expect(end.stop).toMatchObject({ reason: expect.stringMatching(/the request \d+/) });
});
