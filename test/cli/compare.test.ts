import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parseVary, variedSettings } from "../../src/spec/variations.ts";
import { jsonLines, kofn, newFolder, smallSpec } from "./fixtures.ts";

let folder: Awaited<ReturnType<typeof newFolder>>;
let spec = "";
let home = "";
beforeAll(async () => {
  folder = await newFolder();
  spec = join(folder.path, "spec.yaml");
  home = join(folder.path, "home");
  await writeFile(spec, smallSpec);
});
afterAll(() => folder.remove());

describe("settings that vary", () => {
  it("are separated by commas outside of brackets and quotes", () => {
    const { choices } = parseVary("wait=all,{fastest: 2},{ deadline: 1s, atLeast: 3 }");
    expect(choices.map(({ setting }) => setting.value)).toEqual([
      "all",
      { fastest: 2 },
      { deadline: "1s", atLeast: 3 },
    ]);
    expect(parseVary('x=[1, 2],"a,b"').choices.map((one) => one.setting.value)).toEqual([
      [1, 2],
      "a,b",
    ]);
  });

  it("give every combination, the last changing fastest", () => {
    const labels = variedSettings([parseVary("a=1,2"), parseVary("b=3,4")]).map(
      ({ label }) => label,
    );
    expect(labels).toEqual(["a 1, b 3", "a 1, b 4", "a 2, b 3", "a 2, b 4"]);
  });
});

describe("kofn compare", () => {
  const args = () => ["compare", spec, "--backend", "simulated", "--vary", "wait=all,{fastest: 4}"];

  it("shows that the fastest few need less time for the same objective", async () => {
    const { exitCode, out } = await kofn(home, ...args());
    expect(exitCode).toBe(0);
    const [head, all, fastest] = out.split("\n");
    expect(head).toMatch(
      /setting +time +speed-up +objective +gap to best +test rmse +cost +erasures/,
    );
    expect(all).toMatch(/^wait all +\d.* 1 x/);
    const speedUp = /([\d.]+) x/.exec(fastest!)?.[1];
    expect(Number(speedUp)).toBeGreaterThan(1.5);
    const path = /report +(\S+)/.exec(out)![1]!;
    expect(await readFile(path, "utf8")).toMatch(/wait \{fastest: 4\}/);
  });

  it("repeats with the seeds that follow, on the same delays for every setting", async () => {
    const ended = await kofn(home, ...args(), "--repeats", "2", "--json");
    const lines = jsonLines(ended.out);
    const started = lines.filter(({ type }) => type === "started");
    expect(started.map((event) => (event.spec as { seed: number }).seed)).toEqual([3, 3, 4, 4]);
    const result = lines.at(-1) as { settings: { runs: number; secondsWorst: number }[] };
    expect(result.settings.map(({ runs }) => runs)).toEqual([2, 2]);
    const seconds = lines
      .filter(({ type, setting }) => type === "compared" && setting === "wait all")
      .map((line) => line.seconds as number);
    expect(result.settings[0]).toMatchObject({
      seconds: (seconds[0]! + seconds[1]!) / 2,
      secondsWorst: Math.max(...seconds),
      speedUp: 1,
    });
  });
});
