import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { jsonLines, kofn, kofnProcess, newFolder, smallSpec } from "./fixtures.ts";

let folder: Awaited<ReturnType<typeof newFolder>>;
let home = "";
let spec = "";
beforeAll(async () => {
  folder = await newFolder();
  home = join(folder.path, "home");
  spec = join(folder.path, "spec.yaml");
  await writeFile(spec, smallSpec);
});
afterAll(() => folder.remove());

/** Slow enough to be looked at: every worker takes its time. */
const slow = [
  "--set",
  "stop.patience=600",
  "--set",
  "stop.rounds=5000",
  "--set",
  "weather={model: trace, delaysMs: [[60]]}",
  "--set",
  "workers=2",
  "--set",
  "wait=all",
];

describe("a run that goes on in another process", () => {
  it("can be listed, watched and cancelled, others beside it on its server", async () => {
    const run = kofnProcess({ home }, "run", spec, "--json", "--name", "live", ...slow);
    await run.says(/"type":"round","round":1|"round":1,/);
    const watch = kofnProcess({ home }, "watch", "live", "--json");
    await watch.says(/"type":"round"/);

    const list = await kofn(home, "list");
    expect(list.out).toMatch(/live .*running/);
    const beside = await kofn(home, "simulate", spec, "--name", "beside");
    expect(beside.exitCode, beside.err).toBe(0);
    const second = await kofn(home, "run", spec, "--backend", "emulated", "--name", "second");
    expect(second.exitCode, second.err).toBe(0);
    const resume = await kofn(home, "resume", "live");
    expect([resume.exitCode, resume.err]).toEqual([2, expect.stringMatching(/live is running/)]);

    expect((await kofnProcess({ home }, "cancel", "live").ended).exitCode).toBe(0);
    const ended = await run.ended;
    // It was ended, not waited for: most of its rounds were never begun.
    expect(jsonLines(ended.out).at(-1)!.rounds).toBeLessThan(5_000);
    expect(ended.exitCode).toBe(130);
    expect(jsonLines(ended.out).at(-1)).toMatchObject({ stop: "interrupted", reason: "cancelled" });

    const watched = await watch.ended;
    expect(jsonLines(watched.out).at(-1)).toMatchObject({ type: "result", run: "live" });
    expect(watched.exitCode).toBe(3);
  });

  it("goes on after it was cancelled", async () => {
    const more = ["--set", "stop.rounds=3", "--json"];
    const resumed = await kofn(home, "resume", "live", ...more);
    expect(resumed.exitCode, resumed.err).toBe(0);
    expect(jsonLines(resumed.out).at(-1)).toMatchObject({ type: "result", stop: "done" });
  });
});
