import { execFileSync } from "node:child_process";
import { statfsSync, writeFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { readRecord } from "../../src/journal/run-record.ts";
import { openComputeBackend } from "../../src/platform/local/registry.ts";
import { createRun } from "../../src/platform/training/create-run.ts";
import { continueRun } from "../../src/platform/training/start-run.ts";
import { resolveSpec } from "../../src/run/resolve-spec.ts";
import { runOn, smallRidge, temporaryHome } from "./workplace.ts";

const given = { ...smallRidge, workers: 4, wait: "all", stop: { rounds: 40, tolerance: 0 } };

test("the disk fills during a run: it stops, and goes on from its checkpoint", async (context) => {
  await using place = await temporaryHome();
  await using roomy = await temporaryHome();
  try {
    const size = ["-t", "tmpfs", "-o", "size=24m", "tmpfs", place.path];
    execFileSync("mount", size, { stdio: "ignore" });
  } catch {
    context.skip("a small file system cannot be mounted here");
  }
  const ballast = join(place.path, "ballast");
  const spec = resolveSpec(given);
  const home = join(place.path, "home");
  try {
    const undisturbed = await runOn("simulated", roomy.path, given);
    const backend = await openComputeBackend("emulated", { home, spec });
    const record = await createRun(spec, backend);
    // Filled to the last byte once some rounds are done; the page cannot be written either then.
    const stopped = continueRun(record, backend, roomy.path, {
      listen(event) {
        if (event.type === "round" && event.round === 3) fill(place.path, ballast);
      },
    }).catch((thrown: unknown) => thrown);
    const outcome = await stopped;
    await rm(ballast);
    await backend.close();
    if (!(outcome instanceof Error))
      expect(outcome).toMatchObject({ end: { stop: { kind: "unfinished" } } });
    const again = await openComputeBackend("emulated", { home, spec });
    const resumed = await continueRun(await readRecord(again.store, record.run), again, roomy.path);
    await again.close();
    expect(resumed.end.stop.kind).toBe("done");
    expect(resumed.result.weightsDigest).toBe(undisturbed.result.weightsDigest);
  } finally {
    execFileSync("umount", ["-l", place.path]);
  }
});

/**
 * At once, however quick the rounds are. What the run writes meanwhile may take the last bytes:
 * that no space is left then is the aim.
 */
function fill(folder: string, path: string): void {
  const { bavail, bsize } = statfsSync(folder);
  try {
    writeFileSync(path, Buffer.alloc(bavail * bsize));
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code !== "ENOSPC") throw thrown;
  }
}
