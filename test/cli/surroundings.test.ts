import { spawnSync } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { entryPath } from "../entries.ts";
import { kofn, kofnProcess, newFolder } from "./fixtures.ts";

let folder: Awaited<ReturnType<typeof newFolder>>;
let spec = "";
beforeAll(async () => {
  folder = await newFolder();
  spec = join(folder.path, "spec.json");
  await writeFile(
    spec,
    JSON.stringify({
      problem: { type: "ridge", l2: 0.05 },
      data: { generate: { type: "regression", rows: 200, features: 4 } },
      workers: 2,
      wait: "all",
      optimizer: "gradient-descent",
      stop: { rounds: 1_000_000, tolerance: 0 },
    }),
  );
});
afterAll(() => folder.remove());

const long = (home: string) =>
  kofnProcess({ home }, "run", spec, "--backend", "threads", "--name", "long", "--json");

test("a window that closes ends a run as Ctrl-C does: saved, and told how to go on", async () => {
  const home = join(folder.path, "closed");
  const running = long(home);
  await running.says(/"round":3,/);
  running.child.kill("SIGHUP");
  const { exitCode, err } = await running.ended;
  expect(exitCode).toBe(130);
  expect(err).toMatch(/kofn resume long/);
  expect((await kofn(home, "show", "long")).exitCode).toBe(0);
});

test("an older Node is told which one is needed, before anything of it fails", async () => {
  const { engines } = JSON.parse(
    await readFile(join(import.meta.dirname, "../../package.json"), "utf8"),
  ) as { engines: { node: string } };
  const older = "Object.defineProperty(process, 'versions', { value: { node: '22.17.1' } })";
  const hook = `data:text/javascript,${encodeURIComponent(older)}`;
  const { status, stderr } = spawnSync(
    process.execPath,
    ["--import", hook, entryPath("main"), "list"],
    { encoding: "utf8" },
  );
  expect(status).toBe(2);
  expect(stderr).toContain(`needs Node ${engines.node.replace(">=", "")} or later`);
  expect(stderr).toMatch(/this is 22\.17\.1\nhint: /);
});
