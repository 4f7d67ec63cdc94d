import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { kofn } from "./fixtures.ts";

let home = "";
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), "kofn-plan-"));
});
afterAll(() => rm(home, { recursive: true, force: true, maxRetries: 5 }));

const spec = "examples/houses/run.yaml";
const open = ["--set", "wait=auto", "--set", "encoding=auto", "--set", "stop.rounds=20"];
const lines = (text: string) =>
  text
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Record<string, unknown>);

const summed = [
  ...["--set", "reduction=auto", "--set", "optimizer={type: sgd, learningRate: 0.1}"],
  ...["--set", "encoding=uncoded", "--set", "stop.rounds=20"],
];

describe("kofn plan", () => {
  it("shows who might add gradients up, what that takes, and chooses", async () => {
    const all = await kofn(home, "plan", spec, ...summed, "--json");
    expect(all.exitCode, all.err).toBe(0);
    expect(all.err).toMatch(/^tree of 4 +5 .* chosen$/m);
    expect(all.err).toMatch(/^star +1 .* times as long$/m);
    const told = lines(all.out);
    const seconds = (of: readonly string[]) =>
      Number((lines(of.join("\n")).at(-1)!.forecast as { seconds: number }).seconds);
    const reductions = told.filter(({ type }) => type === "reduction");
    expect(reductions.map(({ isChosen }) => isChosen)).toEqual([false, true, false]);
    // A forecast has the sums' time and bytes in it.
    const plain = await kofn(home, "plan", spec, ...summed.slice(2), "--json");
    const more = seconds(all.out.trim().split("\n")) - seconds(plain.out.trim().split("\n"));
    const sums = 20 * Number(reductions[1]!.seconds);
    // Stragglers come back meanwhile, so that it may be a little less.
    expect(more).toBeGreaterThan(0.9 * sums);
    expect(more).toBeLessThan(sums + 0.01);
  });

  it("shows what was chosen and why the rest lost, and starts nothing", async () => {
    const { exitCode, out } = await kofn(home, "plan", spec, ...open);
    expect(exitCode).toBe(0);
    expect(out).toMatch(/chosen\n/);
    expect(out).toMatch(/uncoded, all 16 .* times as long/);
    expect(out).toMatch(/^plan +\S+.*, fastest \d+ of 16$/m);
    expect(out).toMatch(/^instead +not encoding and waiting for all takes/m);
    expect(await readdir(home)).not.toContain("runs");
  });

  it("says the same as JSON lines, the plan last", async () => {
    const { exitCode, out } = await kofn(home, "plan", spec, "--json", "--for", "dollars", ...open);
    expect(exitCode).toBe(0);
    const told = lines(out);
    const plan = told.at(-1)!;
    expect(plan).toMatchObject({ type: "result", goal: "dollars", workers: 16 });
    // Whatever is not waited for is paid for all the same.
    expect(plan).toMatchObject({ wait: "all", encoding: { type: "uncoded" } });
    expect(told.filter(({ type }) => type === "alternative").length).toBeGreaterThan(10);
  });

  it("calls no plan exact whose steps are along samples of the rows", async () => {
    const sampled = ["strategy=anytime", "encoding=uncoded", "optimizer=adam", "wait=all"];
    const settings = [...sampled, "stop.rounds=20"].flatMap((setting) => ["--set", setting]);
    const { exitCode, out } = await kofn(home, "plan", spec, ...settings);
    expect(exitCode).toBe(0);
    expect(out).toMatch(/^error +no slot is left out; every step is along a sample/m);
  });

  it.each([
    [["--for", "glory"], /--for: expected seconds or dollars/],
    [["--from", "nobody"], /nobody/],
  ])("refuses %j", async (more, message) => {
    const { exitCode, err } = await kofn(home, "plan", spec, ...more);
    expect(exitCode).toBe(2);
    expect(err).toMatch(message);
  });
});

describe("auto in a spec", () => {
  it("is chosen before the run starts, recorded, and compared with the outcome", async () => {
    const { exitCode, out, err } = await kofn(home, "simulate", spec, "--json", ...open);
    expect(exitCode).toBe(0);
    expect(err).toMatch(/planned: \S+.*fastest \d+ of 16; forecast/);
    const told = lines(out);
    const started = told.find(({ type }) => type === "started")!;
    const { wait, encoding, auto } = started.spec as Record<string, unknown>;
    const planned = told.find(({ type }) => type === "planned")!;
    expect({ wait, encoding }).toEqual({ wait: planned.wait, encoding: planned.encoding });
    expect(auto).toBeUndefined();
    const result = told.at(-1)! as { seconds: number; forecast: { seconds: number } };
    expect(Math.abs(result.forecast.seconds / result.seconds - 1)).toBeLessThan(0.15);
    const from = await kofn(home, "plan", spec, "--from", "latest");
    expect(from.out).toMatch(/^plan +hadamard 2, fastest 12 of 16$/m);
  });
});
