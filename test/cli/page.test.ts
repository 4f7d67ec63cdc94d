import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
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

/** What a command loads: files of the sources, and packages. */
function loadedBy(...args: string[]): string[] {
  const main = join(import.meta.dirname, "../../src/cli/main.ts");
  const env = { ...process.env, KOFN_HOME: at("home"), LOADED: at("loaded") };
  writeFileSync(at("loaded"), "");
  const given = ["--import", at("hook.mjs"), main, ...args];
  spawnSync(process.execPath, given, { env, encoding: "utf8", cwd: folder.path });
  const urls = readFileSync(at("loaded"), "utf8").split("\n");
  return urls.flatMap((url) => /\/(?:src|node_modules)\/([@\w/.-]+)$/.exec(url)?.[1] ?? []);
}

/** Parts that most runs do not use. */
const parts = {
  "the live page": /^(ui\/|report\/live\/|cli\/ui\.ts)/,
  "sources of the web": /^data\/sources\/web\//,
  reporters: /^reporters\/(?!reporter\.ts)|^@opentelemetry\//,
  exports: /^model-export\//,
  "a server of predictions": /^(library|cli)\/serve\.ts/,
  "what if": /^platform\/training\/what-if/,
  "the S3 client": /^storage\/s3\.ts|^@(?:aws-sdk|smithy)\//,
  "the XML of S3": /^emulator\/s3\/xml\.ts|^fast-xml-parser\//,
  "Parquet and Arrow": /^data\/formats\/(?:parquet|arrow)|^hyparquet\//,
};

test("a run loads nothing of the parts that it does not use", () => {
  const files = loadedBy("simulate", at("spec.yaml"), "--name", "plain");
  expect(files).toContain("cli/run.ts");
  const sources = readdirSync(join(import.meta.dirname, "../../src"), { recursive: true });
  for (const [name, pattern] of Object.entries(parts)) {
    expect(
      files.filter((file) => pattern.test(file)),
      name,
    ).toEqual([]);
    expect(
      sources.some((file) => pattern.test(String(file))),
      name,
    ).toBe(true);
  }
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

  // Who watches it afterwards has a page as well, which ends by itself.
  const staying = { ...place, env: { KOFN_PAGE_LINGERS: "30" } };
  const again = await kofnProcess(staying, "watch", "seen", "--ui").ended;
  expect(again.err).toContain("go on with: kofn resume seen");
  expect((await ask(/page: (http\S+)/.exec(again.err)![1]!)).status).toBe(200);
});
