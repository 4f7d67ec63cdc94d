import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";
import { afterAll, beforeAll, expect, test } from "vitest";
import { temporaryFolder } from "../emulator/s3-listener.ts";

/*
 * The suites as others get them: by the package's name, in a folder of theirs, with Node's own test
 * runner. What they run is the code of docs/adding.md, over members of test/fixtures.
 */

const root = join(import.meta.dirname, "../..");
const folder = temporaryFolder();
afterAll(() => folder.remove());

beforeAll(async () => {
  const kofn = join(folder.path, "node_modules/kofn");
  mkdirSync(kofn, { recursive: true });
  cpSync(join(root, "package.json"), join(kofn, "package.json"));
  const { exports } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  await build({
    absWorkingDir: root,
    entryPoints: ["src/testing/public.ts"],
    outfile: join(kofn, exports["./testing"].default),
    bundle: true,
    format: "esm",
    platform: "node",
    logLevel: "warning",
  });
  cpSync(join(root, "test/fixtures/foreign-members.mjs"), join(folder.path, "members.mjs"));
});

/** The section of docs/adding.md for others' members: its code, with members of this name. */
function documentedSuites(members: "good" | "broken"): string {
  const page = readFileSync(join(root, "docs/adding.md"), "utf8");
  const section = page.split("\n## ").find((text) => text.startsWith("Suites for members"))!;
  const code = [...section.matchAll(/```ts\n([\s\S]*?)```/g)].map(([, text]) => text!).join("\n");
  expect(code).toContain('from "kofn/testing"');
  return `import { ${members} as own } from "./members.mjs";
const { myCompressor, myCompute, myEncoding, myOptimizer, myProblem, myStore, readMine } = own;
${code}`;
}

/** Runs the suites with Node's test runner; each test's title, by whether it passed. */
function run(members: "good" | "broken"): {
  status: number | null;
  ok: string[];
  failed: string[];
} {
  const file = join(folder.path, `${members}.test.mts`);
  writeFileSync(file, documentedSuites(members));
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ["--test", "--test-reporter=tap", file],
    { cwd: folder.path, encoding: "utf8", env: { ...process.env, NODE_TEST_CONTEXT: undefined } },
  );
  expect(stderr).toBe("");
  const titles = (pattern: RegExp) => [...stdout.matchAll(pattern)].map(([, title]) => title!);
  return {
    status,
    ok: titles(/^\s*ok \d+ - (.*)$/gm),
    failed: titles(/^\s*not ok \d+ - (.*)$/gm),
  };
}

const families = ["encoding", "problem", "optimizer", "compressor", "compute", "store"];

test("somebody else's members pass, by the package's name and with Node's own runner", () => {
  const { status, ok, failed } = run("good");
  expect(failed).toEqual([]);
  expect(status).toBe(0);
  expect(ok.length).toBeGreaterThan(40);
  for (const family of families) expect(ok).toContain(`my ${family}`);
});

test("members that break one law each fail, and the law is named", () => {
  const { status, failed } = run("broken");
  expect(status).not.toBe(0);
  for (const law of [
    "gives weights that stand for all rows, whichever slots replied",
    "has as its gradient the derivative of the loss, by central differences",
    "leaves its inputs alone, and keeps its memory through a checkpoint at every step",
    "loses at most 1 - gamma of heavy-tailed vectors, where it promises a gamma",
    "delivers nothing before start has returned",
    "lets exactly one of many concurrent writeOnce win, and keeps its bytes",
  ])
    expect(failed).toContain(law);
});
