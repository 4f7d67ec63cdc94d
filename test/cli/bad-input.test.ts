import { mkdir, mkdtemp, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { badInputs } from "../data/bad-input.ts";
import { badSpecs } from "./bad-specs.ts";
import { contents, type Ended, kofn, kofnProcess, newFolder } from "./fixtures.ts";

let folder: Awaited<ReturnType<typeof newFolder>>;
let temporary = "";
beforeAll(async () => {
  folder = await newFolder();
  temporary = join(folder.path, "temporary");
  await mkdir(temporary);
});
beforeEach(() => void vi.stubEnv("TMPDIR", temporary));
afterAll(() => folder.remove());

const newCase = () => mkdtemp(join(folder.path, "case-"));

/** One message with a hint, nothing on standard output, exit code 2. */
function expectRefusal({ exitCode, out, err }: Ended, message: RegExp, hint = /\S/): void {
  const lines = err.trimEnd().split("\n");
  const errors = lines.filter((line) => line.startsWith("error:"));
  const hints = lines.filter((line) => line.startsWith("hint:"));
  expect(errors, err).toHaveLength(1);
  expect(hints, err).toHaveLength(1);
  expect(errors[0]).toMatch(message);
  expect(hints[0]!.slice("hint:".length)).toMatch(hint);
  // Besides these, at most the line that names the run, and how far reading had come.
  expect(lines.filter((line) => !/^(error|hint|run|reading)\b/.test(line))).toEqual([]);
  expect(err).not.toMatch(/undefined|\[object|\n\s+at /);
  expect(out).toBe("");
  expect(exitCode).toBe(2);
}

describe("a command line that cannot work", () => {
  it.each(badSpecs)("is refused with place and remedy: $name", async (bad) => {
    const root = await newCase();
    const file = join(root, bad.file ?? "spec.yaml");
    if (bad.spec !== null) await writeFile(file, bad.spec);
    await writeFile(join(root, "rows.csv"), "a,y\n1,2\n");
    const before = await contents(root);
    const given = bad.args ?? ["run", "{spec}", "--backend", "simulated"];
    const args = given.map((arg) => {
      if (arg === "{spec}") return file;
      return arg === "." || /^[\w]+\.(yaml|csv)$/.test(arg) ? join(root, arg) : arg;
    });
    expectRefusal(await kofn(join(root, "home"), ...args), bad.message, bad.hint);
    expect(await contents(root)).toEqual(before);
    expect(await contents(temporary)).toEqual([]);
  });
});

describe("data that cannot be used", () => {
  it.each(badInputs)("is refused by a run: $name", async (bad) => {
    const root = await newCase();
    for (const [name, content] of Object.entries(bad.files))
      if (content === null) await mkdir(join(root, name));
      else await writeFile(join(root, name), content);
    const problem = bad.task === "classification" ? "logistic" : "ridge";
    const spec = { problem, encoding: "uncoded", workers: 2, data: bad.options };
    await writeFile(join(root, "spec.json"), JSON.stringify(spec));
    const before = await contents(root);
    const file = join(root, "spec.json");
    const ended = await kofn(join(root, "home"), "run", file, "--backend", "simulated");
    expectRefusal(ended, bad.message, bad.hint);
    expect(await contents(root)).toEqual(before);
    expect(await contents(temporary)).toEqual([]);
  });
});

describe("in a process of its own", () => {
  it("a spec is refused before anything starts", async () => {
    const root = await newCase();
    await writeFile(join(root, "spec.yaml"), "problem: ridge\ndata: { source: none.csv }\nx: 1\n");
    const ended = await kofnProcess({ home: "home", cwd: root }, "run", "spec.yaml").ended;
    expectRefusal(ended, /x: unknown key/);
    expect(await contents(root)).toEqual(["spec.yaml"]);
  });

  it("data are refused by the emulated backend, which leaves nothing behind", async () => {
    const root = await newCase();
    const spec = "problem: ridge\ndata: { source: rows.csv, target: y }\nworkers: 2\n";
    await writeFile(join(root, "spec.yaml"), spec);
    await writeFile(join(root, "rows.csv"), "a,y\n1,2\n3\n");
    const ended = await kofn(join(root, "home"), "run", join(root, "spec.yaml"));
    expectRefusal(ended, /rows\.csv: line 3/);
    expect(await contents(root)).toEqual(["rows.csv", "spec.yaml"]);
  });

  it("a home that cannot be written is refused", async () => {
    const root = await newCase();
    const spec = "problem: ridge\ndata: { generate: { type: regression }, target: y }\n";
    await writeFile(join(root, "spec.yaml"), spec);
    const home = join(root, "spec.yaml", "home");
    const ended = await kofn(home, "run", join(root, "spec.yaml"));
    expectRefusal(ended, /spec\.yaml.home: cannot keep runs here/, /KOFN_HOME/);
    expect(await contents(root)).toEqual(["spec.yaml"]);
  });

  it("an unknown command is refused", async () => {
    const root = await newCase();
    const ended = await kofnProcess({ home: "home", cwd: root }, "trian").ended;
    expectRefusal(ended, /unknown command 'trian'/);
  });
});
