import { readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openHome } from "../../src/platform/local/home.ts";
import { recordKey } from "../../src/store-layout.ts";
import { jsonLines, kofn, newFolder, smallSpec } from "./fixtures.ts";

let folder: Awaited<ReturnType<typeof newFolder>>;
let home = "";

/** The record's text as it stands, after `change` where one is given. */
async function recordOf(run: string, change?: (record: object) => object): Promise<string> {
  const opened = await openHome(home);
  try {
    const key = recordKey(run);
    if (change !== undefined) {
      const { sha256: _, ...before } = JSON.parse(
        new TextDecoder().decode((await opened.store.read(key))!),
      );
      await opened.store.write(key, new TextEncoder().encode(JSON.stringify(change(before))));
    }
    return new TextDecoder().decode((await opened.store.read(key))!);
  } finally {
    await opened.close();
  }
}

beforeAll(async () => {
  folder = await newFolder();
  home = join(folder.path, "home");
  await writeFile(join(folder.path, "run.yaml"), smallSpec);
});
afterAll(() => folder.remove());

/** A run that stopped before its end. */
async function stopped(name: string): Promise<void> {
  const spec = join(folder.path, "run.yaml");
  const ended = await kofn(home, "simulate", spec, "--name", name, "--set", "stop.seconds=0.5");
  expect(ended.exitCode, ended.err).toBe(4);
}

describe("a run's arithmetic", () => {
  it("is in its record, and the run goes on and replays in it", async () => {
    await stopped("now");
    expect(JSON.parse(await recordOf("now"))).toMatchObject({ version: 1, arithmetic: 3 });
    const resumed = await kofn(home, "resume", "now", "--set", "stop.seconds=1000");
    expect(resumed.exitCode, resumed.err).toBe(0);
    expect((await kofn(home, "replay", "now")).exitCode).toBe(0);
  });

  it.each([
    { name: "none", arithmetic: undefined, hint: "go on with kofn 0.1.0, or start it anew" },
    { name: "one", arithmetic: 1, hint: "go on with kofn 0.1.0, or start it anew" },
    { name: "two", arithmetic: 2, hint: "go on with kofn 0.2.0, or start it anew" },
    { name: "later", arithmetic: 4, hint: "go on with the newer kofn that began it" },
  ])("other than this kofn's ($name) is refused, and nothing is changed", async (other) => {
    const { name, arithmetic, hint } = other;
    await stopped(name);
    const before = await recordOf(name, (record) => ({ ...record, arithmetic }));
    for (const args of [
      ["resume", name, "--set", "stop.seconds=1000"],
      ["resume", name],
    ]) {
      const { exitCode, err } = await kofn(home, ...args);
      expect([exitCode, err]).toEqual([2, expect.stringContaining(hint)]);
      expect(err).toContain(`${name} began in arithmetic ${arithmetic ?? 1}, and this kofn`);
    }
    expect((await kofn(home, "replay", name)).exitCode).toBe(2);
    expect(await recordOf(name)).toBe(before);
    const { out, exitCode } = await kofn(home, "show", name, "--json");
    expect([exitCode, jsonLines(out)[0]]).toEqual([0, expect.objectContaining({ run: name })]);
  });

  it("is none of the versions that other arithmetics are left to", () => {
    const text = readFileSync(new URL("../../package.json", import.meta.url), "utf8");
    expect(["0.1.0", "0.2.0"]).not.toContain((JSON.parse(text) as { version: string }).version);
  });
});
