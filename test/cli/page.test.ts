import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { LiveStatus } from "../../src/report/live/protocol.ts";
import { eventually } from "../eventually.ts";
import { ask, readEvents } from "../ui/events-over-http.ts";
import { kofnProcess, newFolder, smallSpec } from "./fixtures.ts";

let folder: Awaited<ReturnType<typeof newFolder>>;
const at = (name: string) => join(folder.path, name);

beforeAll(async () => {
  folder = await newFolder();
  writeFileSync(at("spec.yaml"), smallSpec);
  const hook = `import { appendFileSync } from "node:fs";
import { registerHooks } from "node:module";
registerHooks({ load(url, context, next) {
  appendFileSync(process.env.LOADED, url + "\\n");
  return next(url, context);
} });`;
  writeFileSync(at("hook.mjs"), hook);
});
afterAll(() => folder.remove());

/** The files of the sources that a command loads. */
function loadedBy(...args: string[]): string[] {
  const main = join(import.meta.dirname, "../../src/cli/main.ts");
  const env = { ...process.env, KOFN_HOME: at("home"), LOADED: at("loaded") };
  writeFileSync(at("loaded"), "");
  const given = ["--import", at("hook.mjs"), main, ...args];
  const { status, stderr } = spawnSync(process.execPath, given, { env, encoding: "utf8" });
  expect(status, stderr).toBe(0);
  const urls = readFileSync(at("loaded"), "utf8").split("\n");
  return urls.flatMap((url) => /\/src\/([\w/.-]+)$/.exec(url)?.[1] ?? []);
}

test("a run without its page loads nothing of it", () => {
  const files = loadedBy("simulate", at("spec.yaml"));
  expect(files).toContain("cli/run.ts");
  expect(files.filter((file) => /^(ui\/|report\/live\/|cli\/ui\.ts)/.test(file))).toEqual([]);
  // They are seen where they are loaded.
  expect(loadedBy("ui", "--help")).toContain("cli/ui.ts");
});

test("run --ui opens a page that outlives a run that is killed, while somebody looks", async () => {
  const slow = ["workers=2", "wait=all", "stop.rounds=5000", "stop.patience=600"];
  const sets = [...slow, "weather={model: trace, delaysMs: [[60]]}"].flatMap((set) => [
    "--set",
    set,
  ]);
  const place = { home: at("home"), env: { KOFN_PAGE_LINGERS: "1" } };
  const run = kofnProcess(
    place,
    "run",
    at("spec.yaml"),
    "--name",
    "seen",
    "--ui",
    "--json",
    ...sets,
  );
  let said = "";
  run.child.stderr!.on("data", (chunk: Buffer) => {
    said += chunk.toString();
  });
  await run.says(/"type":"round"/);
  const address = /page: (http\S+)/.exec(said)![1]!;
  const events = `${address.replace(/\/run\/seen/, "/api/events")}&run=seen`;
  let isKilled = false;
  const sent = await readEvents<Partial<LiveStatus>>(events, ({ name, data }) => {
    if (name === "batch" && !isKilled) isKilled = run.child.kill("SIGKILL");
    return isKilled && data.status === "stopped";
  });
  await run.ended;
  const seen = sent.flatMap(({ data }) => data.status ?? []);
  expect(seen).toContain("running");
  expect(seen.at(-1)).toBe("stopped");
  const isGone = () =>
    ask(address).then(
      () => false,
      () => true,
    );
  await eventually(isGone, "the page ends once nobody looks at it");
});
