import { mkdir, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { jsonLines, kofn, newFolder, smallSpec } from "./fixtures.ts";

let folder: Awaited<ReturnType<typeof newFolder>>;
let home = "";
const at = (name: string) => join(folder.path, name);
beforeAll(async () => {
  folder = await newFolder();
  home = at("home");
  await writeFile(at("small.yaml"), smallSpec);
  for (const name of ["one", "two", "three"]) {
    const args = ["simulate", at("small.yaml"), "--name", name, "--rounds", "2"];
    const { exitCode, err } = await kofn(home, ...args);
    expect(exitCode, err).toBe(0);
  }
});
afterAll(() => folder.remove());

describe("words that people try first lead to what they mean", () => {
  it.each([
    ["train", "run"],
    ["fit", "run"],
    ["status", "show"],
  ])("kofn %s", async (word, command) => {
    const { err, exitCode } = await kofn(home, word, "--help");
    expect([err, exitCode]).toEqual([`note: kofn ${word} is kofn ${command}\n`, 0]);
  });

  it("kofn deploy says who deploys", async () => {
    const { err, exitCode } = await kofn(home, "deploy");
    expect(exitCode).toBe(2);
    expect(err).toMatch(/npx sst deploy --stage NAME/);
  });

  it("run --dry-run plans, and starts nothing", async () => {
    const before = await readdir(join(home, "runs"));
    const backend = ["--backend", "simulated"];
    const { out, err, exitCode } = await kofn(
      home,
      "run",
      at("small.yaml"),
      "--dry-run",
      ...backend,
    );
    expect([exitCode, err]).toEqual([
      0,
      expect.stringContaining("kofn run --dry-run is kofn plan"),
    ]);
    expect(out).toMatch(/seconds|time/);
    expect(await readdir(join(home, "runs"))).toEqual(before);
  });

  it("--workers 4 and --rounds=3 are settings", async () => {
    const args = ["simulate", at("small.yaml"), "--workers", "4", "--rounds=3", "--json"];
    const { out, err } = await kofn(at("other"), ...args, "--set", "wait.fastest=3");
    const [started] = jsonLines(out) as [{ spec: { workers: number; stop: { rounds: number } } }];
    expect(started.spec).toMatchObject({ workers: 4, stop: { rounds: 3 } });
    expect(err).toContain("note: --workers 4 is --set workers=4");
    const refused = await kofn(home, "simulate", at("small.yaml"), "--workers");
    expect([refused.exitCode, refused.err]).toEqual([2, expect.stringContaining("--workers 4")]);
  });

  it.each([
    ["problem={type: ridge, alpha: 1}", 'did you mean "l2"'],
    ["problem={type: ridge, lambda: 1}", 'did you mean "l2"'],
    ["optimizer={type: adam, lr: 1}", 'did you mean "learningRate"'],
    ["stop={epochs: 4}", 'did you mean "rounds"'],
    ["optimizer=LBFGS", 'did you mean "l-bfgs"'],
    ["problem=linear_regression", 'did you mean "ridge"'],
    ["problem=LogisticRegression", 'did you mean "logistic"'],
    ["stop=10", "write it like stop: { rounds: 100 }"],
  ])("--set %s: %s", async (setting, hint) => {
    const { exitCode, err } = await kofn(home, "simulate", at("small.yaml"), "--set", setting);
    expect(exitCode).toBe(2);
    expect(err).toContain(hint);
  });
});

describe("kofn list and rm", () => {
  it("lists the latest alone by --limit", async () => {
    const { out } = await kofn(home, "list", "--limit", "2", "--json");
    const names = jsonLines(out).flatMap(({ run }) => (run === undefined ? [] : [run]));
    expect(names).toEqual(["two", "three"]);
    const { exitCode, err } = await kofn(home, "list", "--limit", "none");
    expect([exitCode, err]).toEqual([2, expect.stringContaining("--limit 10")]);
  });

  it("keeps tags and a note beside a run, shows them, and lists by a tag", async () => {
    const put = await kofn(home, "tag", "one", "v2", "baseline", "--note", "of\nuse");
    expect(put).toMatchObject({ exitCode: 0, out: "one  baseline v2: of use\n" });
    const list = await kofn(home, "list");
    expect(list.out).toMatch(/ tags and note\n/);
    expect(list.out).toMatch(/^one .* baseline v2: of use$/m);
    expect((await kofn(home, "show", "one")).out).toMatch(/^tags and note +baseline v2: of use$/m);
    await kofn(home, "tag", "three", "v2", "--remove", "v2");
    const named = async (...args: string[]) =>
      jsonLines((await kofn(home, "list", "--json", ...args)).out).flatMap(({ run }) => run ?? []);
    expect(await named("--tag", "v2")).toEqual(["one"]);
    expect(await named("--tag", "v2", "--limit", "1")).toEqual(["one"]);
    expect(await kofn(home, "tag", "one", "--remove", "v2")).toMatchObject({
      out: "one  baseline: of use\n",
    });
    expect(await named("--tag", "v2")).toEqual([]);
    for (const [wrong, why] of [
      [["two words"], /"two words" is no tag/],
      [["--note", "x".repeat(501)], /a note of 501 characters/],
    ] as const) {
      const { exitCode, err } = await kofn(home, "tag", "one", ...wrong);
      expect([exitCode, err]).toEqual([2, expect.stringMatching(why)]);
    }
  });

  it("removes a run, its page and model, and nothing of the others", async () => {
    expect(await kofn(home, "rm", "two")).toMatchObject({ exitCode: 0, err: "two is removed\n" });
    const { out } = await kofn(home, "list", "--json");
    expect(jsonLines(out).flatMap(({ run }) => run ?? [])).toEqual(["one", "three"]);
    expect(await readdir(join(home, "runs"))).toEqual(["one", "three"]);
    expect(await kofn(home, "show", "two")).toMatchObject({ exitCode: 2 });
    expect(await kofn(home, "show", "three")).toMatchObject({ exitCode: 0 });
  });
});

it("latest is the latest with a model, for whoever needs one", async () => {
  const spec = at("stopped.yaml");
  await writeFile(spec, smallSpec.replace("stop: {", "stop: { dollars: 1e-12,"));
  await kofn(home, "simulate", spec, "--name", "stopped");
  const { out, err } = await kofn(home, "export", "latest", "--output", at("model.safetensors"));
  expect(out, err).toBe(`${at("model.safetensors")}\n`);
});

it("options that do not apply are refused", async () => {
  const account = (...args: string[]) => kofn(home, "account", "--delta", "1e-5", ...args);
  const gaussian = ["--mechanism", "gaussian", "--noise", "2"];
  expect(await account(...gaussian)).toMatchObject({ exitCode: 0 });
  const refused = await account(...gaussian, "--sampler", "poisson");
  expect([refused.exitCode, refused.err]).toEqual([
    2,
    expect.stringMatching(/--sampler: mechanism gaussian has none/),
  ]);
});

it.each([
  ["run", "--stage dev --backend simulated", "--backend and --stage"],
  ["run", "--stage dev --open", "--open and --stage"],
  ["plan", "--from one --probe", "--from and --probe"],
])("kofn %s %s: one of them would be passed over", async (command, options, told) => {
  const { exitCode, err } = await kofn(home, command, at("small.yaml"), ...options.split(" "));
  expect([exitCode, err]).toEqual([2, expect.stringContaining(told)]);
});

it("a folder in a file's place is told in words", async () => {
  await mkdir(at("folder"), { recursive: true });
  const { exitCode, err } = await kofn(home, "export", "one", "--output", at("folder"));
  expect(exitCode).toBe(2);
  expect(err).toMatch(/it is a folder, not a file/);
  expect(err).not.toMatch(/illegal operation/);
});
