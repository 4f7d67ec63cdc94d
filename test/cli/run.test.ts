import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Ended, jsonLines, kofn, kofnProcess, newFolder, smallSpec } from "./fixtures.ts";

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

const resultOf = ({ out }: Ended) => jsonLines(out).at(-1)!;

describe("kofn run --json", () => {
  it("prints events, names the run first, and ends with the result", async () => {
    const ended = await kofnProcess({ home }, "run", spec, "--json", "--backend", "simulated")
      .ended;
    expect(ended.exitCode, ended.err).toBe(0);
    const events = jsonLines(ended.out);
    expect(events[0]).toMatchObject({ type: "started", run: expect.any(String) });
    expect(events.filter(({ type }) => type === "round")).toHaveLength(8);
    const result = events.at(-1)!;
    expect(result).toMatchObject({
      type: "result",
      run: events[0]!.run,
      rounds: 8,
      stop: "done",
      objective: expect.any(Number),
      metrics: { train: { r2: expect.any(Number) }, test: { rmse: expect.any(Number) } },
      seconds: expect.any(Number),
      dollars: expect.any(Number),
      bytesUp: expect.any(Number),
      bytesDown: expect.any(Number),
      erasures: expect.any(Number),
      weightsDigest: expect.stringMatching(/^[0-9a-f]{64}$/),
    });
    expect(await readFile(String(result.report), "utf8")).toContain(String(result.run));
    expect((await readFile(String(result.model))).length).toBeGreaterThan(100);
    expect(ended.err).toContain(String(result.run));
  });

  it("runs on emulated functions, workers and stores as elsewhere", async () => {
    const args = [
      "--json",
      "--set",
      "stop.rounds=3",
      "--set",
      "stop.patience=600",
      "--set",
      "workers=2",
      "--set",
      "wait=all",
    ];
    const calm = ["--set", "weather={model: calm}"];
    const emulated = await kofn(home, "run", spec, ...args, ...calm);
    expect(emulated.exitCode, emulated.err).toBe(0);
    const simulated = await kofn(home, "simulate", spec, ...args, ...calm);
    const threads = await kofn(home, "run", spec, "--backend", "threads", ...args);
    const digest = resultOf(emulated).weightsDigest;
    expect([resultOf(simulated).weightsDigest, resultOf(threads).weightsDigest]).toEqual([
      digest,
      digest,
    ]);
  });

  it("takes a name, once", async () => {
    const named = ["simulate", spec, "--name", "my-run", "--json"];
    expect(resultOf(await kofn(home, ...named)).run).toBe("my-run");
    const again = await kofn(home, ...named);
    expect([again.exitCode, again.out]).toEqual([2, ""]);
    expect(again.err).toMatch(/my-run is there already/);
  });
});

describe("what stops a run before its end", () => {
  it("is a budget: exit code 4, and a larger one leads to the same weights", async () => {
    const whole = await kofn(home, "simulate", spec, "--json", "--set", "wait=all");
    const cut = ["--set", "wait=all", "--set", "stop.seconds=1", "--name", "cut"];
    const stopped = await kofn(home, "simulate", spec, "--json", ...cut);
    expect(stopped.exitCode).toBe(4);
    expect(resultOf(stopped)).toMatchObject({ type: "result", stop: "budget" });
    expect(stopped.err).toMatch(/kofn resume cut --set stop\.seconds=/);
    const more = ["--set", "stop.seconds=600", "--json"];
    const resumed = await kofn(home, "resume", "cut", ...more);
    expect(resumed.exitCode, resumed.err).toBe(0);
    expect(jsonLines(resumed.out)[0]).toMatchObject({ type: "resumed", run: "cut" });
    expect(resultOf(resumed).weightsDigest).toBe(resultOf(whole).weightsDigest);
    expect((await kofn(home, "replay", "cut")).out).toMatch(/equal to the bit/);
    const again = await kofn(home, "resume", "cut", "--json");
    expect([again.exitCode, jsonLines(again.out)]).toMatchObject([0, [{ stop: "done" }]]);
  });

  it("is dead slots: exit code 3 within the patience", async () => {
    const dead = ["--set", "weather={model: calm, deadSlots: [0, 1, 2]}"];
    const patience = ["--set", "stop.patience=5"];
    const ended = await kofn(home, "simulate", spec, "--json", ...dead, ...patience);
    expect(ended.exitCode).toBe(3);
    expect(resultOf(ended)).toMatchObject({ stop: "unfinished", resume: /./ });
  });

  it("may change whom it waits for, and still replays", async () => {
    const cut = ["--set", "stop.seconds=0.3", "--name", "changed"];
    expect((await kofn(home, "simulate", spec, ...cut)).exitCode).toBe(4);
    const more = ["--set", "stop.seconds=600", "--set", "wait=all"];
    expect((await kofn(home, "resume", "changed", ...more)).exitCode).toBe(0);
    expect((await kofn(home, "replay", "changed", "--json")).exitCode).toBe(0);
    const refused = await kofn(home, "resume", "changed", "--set", "seed=4");
    expect([refused.exitCode, refused.err]).toEqual([2, expect.stringMatching(/hint: only stop/)]);
  });

  it("is Ctrl-C: exit code 130, and resuming gives the undisturbed weights", async () => {
    const long = [
      "--set",
      "wait=all",
      "--set",
      "stop.rounds=400",
      "--set",
      "optimizer=gradient-descent",
    ];
    const whole = await kofn(home, "simulate", spec, "--json", ...long);
    const args = ["simulate", spec, "--json", "--name", "stopped", ...long];
    const first = kofnProcess({ home }, ...args);
    await first.says(/"round":60,/);
    first.child.kill("SIGINT");
    const stopped = await first.ended;
    expect(stopped.exitCode).toBe(130);
    expect(stopped.err).toMatch(/kofn resume stopped/);
    expect(resultOf(stopped)).toMatchObject({ type: "result", stop: "interrupted" });
    expect(resultOf(stopped).rounds).toBeLessThan(400);
    const resumed = await kofn(home, "resume", "stopped", "--json");
    expect(resumed.exitCode, resumed.err).toBe(0);
    expect(resultOf(resumed).weightsDigest).toBe(resultOf(whole).weightsDigest);
    expect((await kofn(home, "replay", "stopped")).exitCode).toBe(0);
  });
});

describe("kofn run, as a person sees it", () => {
  it("counts its time from Enter beside that of training, and says what comes next", async () => {
    const small = ["stop.rounds=3", "workers=2", "wait=all"].flatMap((set) => ["--set", set]);
    const run = ["run", spec, "--backend", "threads", "--name", "seen", ...small];
    const env = { npm_lifecycle_event: "npx" };
    const { out, err, exitCode } = await kofnProcess({ home, env }, ...run).ended;
    expect(exitCode, err).toBe(0);
    const line = /^time +([\d.]+ \w+) of training.*, ([\d.]+ \w+) from Enter$/m.exec(out)!;
    const [training, fromEnter] = line.slice(1).map(inSeconds) as [number, number];
    expect(training).toBeLessThan(fromEnter);
    const next = "next: npx kofn predict seen FILE.csv\n      npx kofn serve seen\n";
    const more = "      npx kofn export seen --format onnx\n";
    expect(err).toContain(`${next}${more}      npx kofn report seen --open\n`);
  });

  it("says of a simulated run that its clock is", async () => {
    const { out } = await kofn(home, "simulate", spec, "--name", "on-paper");
    expect(out).toMatch(/^time +\S+ m?s of simulated training( \(forecast \S+ \w+\))?$/m);
  });
});

const unitSeconds = { ms: 0.001, s: 1, min: 60, h: 3_600 } as const;

function inSeconds(text: string): number {
  const [figure, unit] = text.split(" ");
  return Number(figure) * unitSeconds[unit as keyof typeof unitSeconds];
}
