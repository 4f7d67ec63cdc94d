import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { expect, test } from "vitest";
import { temporaryHome } from "../scenarios/workplace.ts";
import { illCloud, undisturbed } from "./cloud.ts";

const hourMs = 3_600_000;

test.each([5])("S3's clock is %d hours ahead: the SDK corrects its own by it", async (hours) => {
  await using cloud = await illCloud({ faults: { s3: { clockAheadMs: hours * hourMs } } });
  const { end, result } = await cloud.train();
  expect(end.stop.kind).toBe("done");
  expect(result.weightsDigest).toBe(await undisturbed());
  // Each client was refused at first, the workers' included, and then went by S3's clock.
  const { s3 } = await cloud.emulator.bill();
  expect(s3.errors).toBeGreaterThanOrEqual(4);
  expect(s3.errors).toBeLessThan(s3.requests / 3);
});

test.each([-7])("workers' clocks are %d hours off: nothing changes", async (hours) => {
  await using place = await temporaryHome();
  const file = join(place.path, "wrong-clock.mjs");
  await writeFile(file, wrongClock(hours * hourMs));
  const environment = { NODE_OPTIONS: `--import=${pathToFileURL(file)}` };
  await using cloud = await illCloud({ worker: { environment } });
  const { end, result } = await cloud.train();
  expect(end.stop.kind).toBe("done");
  expect(end.totals.erasures).toBe(0);
  expect(result.weightsDigest).toBe(await undisturbed());
  // Theirs are the only clocks that S3 had to refuse, once each; deadlines are the orchestrator's.
  expect((await cloud.emulator.bill()).s3.errors).toBeGreaterThanOrEqual(3);
});

/** Makes a process believe that it is some other time. */
function wrongClock(aheadMs: number): string {
  return `
    const Right = globalThis.Date;
    globalThis.Date = class Date extends Right {
      constructor(...given) {
        if (given.length === 0) super(Right.now() + ${aheadMs});
        else super(...given);
      }
      static now() { return Right.now() + ${aheadMs}; }
    };`;
}
