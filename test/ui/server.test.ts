import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { storedBatch } from "../../src/journal/checkpoint.ts";
import { openHome } from "../../src/platform/local/home.ts";
import type { RunEvent } from "../../src/ports/events.ts";
import type { LiveBatch, LiveStatus } from "../../src/report/live/protocol.ts";
import { whatIfIn, whatIfPart } from "../../src/report/live/what-if-view.ts";
import { readHistory } from "../../src/run/finish.ts";
import { cancelKey, eventsKey, prefixIn } from "../../src/store-layout.ts";
import { openUi, type UiServer } from "../../src/ui/server.ts";
import { toSealedPacket } from "../../src/wire/sealed-packet.ts";
import { kofn, newFolder, smallSpec } from "../cli/fixtures.ts";
import { ask, readEvents, type ServerSent } from "./events-over-http.ts";

type Sent = ServerSent<Partial<LiveBatch & LiveStatus>>;

let folder: Awaited<ReturnType<typeof newFolder>>;
let home = "";
let ui: UiServer;
const resumed: string[] = [];
const asked: string[] = [];
let problem = "";

beforeAll(async () => {
  folder = await newFolder();
  home = join(folder.path, "home");
  const spec = join(folder.path, "spec.yaml");
  await writeFile(spec, smallSpec);
  for (const args of [
    ["simulate", spec, "--name", "whole"],
    ["simulate", spec, "--name", "part", "--set", "stop.seconds=0.4"],
  ]) {
    const { exitCode, err } = await kofn(home, ...args);
    expect([0, 4], err).toContain(exitCode);
  }
  const whatIf = async (run: string) => {
    asked.push(run);
    const { out, err } = await kofn(home, "report", run, "--what-if", "--json");
    const last = out.trim().split("\n").at(-1)!;
    return last.startsWith("{") ? { found: JSON.parse(last).whatIf } : { problem: err };
  };
  const resume = async (run: string) => {
    resumed.push(run);
    return problem;
  };
  ui = await openUi({ home, pollMs: 10, resume, whatIf });
});
afterEach(() => {
  problem = "";
});
afterAll(async () => {
  await ui.close();
  await folder.remove();
});

const at = (path: string, query = "") => `${ui.address(path)}${query}`;
const eventsAt = (run: string) => at("/api/events", `&run=${run}`);
const port = () => new URL(ui.address("/")).port;

async function inStore<T>(use: (store: Parameters<typeof readHistory>[0]) => Promise<T>) {
  const { store, close } = await openHome(home);
  try {
    return await use(store);
  } finally {
    await close();
  }
}

const isStatus = (status: string) => (event: Sent) =>
  event.name === "status" && event.data.status === status;

/** What a page holds after these events, made of the log and the end. */
function heldAfter(sent: readonly Sent[]): RunEvent[] {
  let log: RunEvent[] = [];
  let end: RunEvent[] = [];
  for (const { name, data } of sent) {
    if (name === "reset") log = [];
    if (name === "batch") log.push(...data.events!);
    if (name === "status")
      end = [...data.evaluated!, ...(data.result === null ? [] : [data.result!])];
  }
  return [...log, ...end];
}

/** As a page has them: numbers that are not finite are null. */
const throughJson = (events: readonly RunEvent[]) => JSON.parse(JSON.stringify(events)) as unknown;

test("only who knows the token, by a name of this machine, is answered", async () => {
  for (const path of ["/", "/run/whole", "/page.js", "/page.css", "/api/runs", "/api/events"]) {
    const open = ui.address(path);
    const bare = open.replace(/\?.*/, "");
    expect((await ask(bare)).status, `${path} without a token`).toBe(403);
    expect((await ask(`${open}x`)).status, `${path} with another token`).toBe(403);
    const elsewhere = { headers: { host: `example.com:${port()}` } };
    expect((await ask(open, elsewhere)).status, `${path} by another name`).toBe(403);
    const foreign = { headers: { origin: "http://example.com" } };
    expect((await ask(open, foreign)).status, `${path} from another page`).toBe(403);
  }
  for (const path of ["/", "/run/whole", "/page.js", "/page.css", "/api/runs"]) {
    const { status, headers } = await ask(ui.address(path));
    expect(status, path).toBe(200);
    expect(headers["content-security-policy"], path).toContain("script-src 'self'");
    expect(headers["referrer-policy"], path).toBe("no-referrer");
  }
  expect((await ask(at("/elsewhere"))).status).toBe(404);
  expect((await ask(at("/run/..%2fwhole"))).status).toBe(400);
});

test("a run is changed by its page's own requests alone", async () => {
  const own = { origin: `http://127.0.0.1:${port()}`, "content-type": "application/json" };
  const body = JSON.stringify({ run: "part" });
  const attempts: [string, Record<string, string>, number][] = [
    ["without an origin", { "content-type": own["content-type"] }, 403],
    ["from another origin", { ...own, origin: "http://127.0.0.1:1" }, 403],
    ["from another site", { ...own, "sec-fetch-site": "cross-site" }, 403],
    ["as a form", { ...own, "content-type": "text/plain" }, 415],
    ["by the page", own, 204],
  ];
  for (const [what, headers, status] of attempts) {
    const answer = await ask(at("/api/resume"), { method: "POST", headers, body });
    expect(answer.status, what).toBe(status);
  }
  expect(resumed).toEqual(["part"]);
  const refused = await ask(at("/api/cancel"), { method: "POST", headers: own, body });
  expect([refused.status, refused.text]).toEqual([409, "part is not running (stopped)\n"]);
  expect(await inStore((store) => store.read(cancelKey("part")))).toBeNull();
  const hostile = { method: "POST", headers: own, body: JSON.stringify({ run: "../x" }) };
  expect((await ask(at("/api/resume"), hostile)).status).toBe(400);
  const long = { method: "POST", headers: own, body: JSON.stringify({ run: "x".repeat(9_000) }) };
  expect((await ask(at("/api/resume"), long)).status).toBe(413);
});

test("events come in the order of the log, and go on where a page broke off", async () => {
  const sent = await readEvents<Sent["data"]>(eventsAt("whole"), isStatus("done"));
  expect(sent[0]).toMatchObject({ name: "reset", data: { run: "whole" } });
  const history = await inStore((store) => readHistory(store, "whole"));
  expect(heldAfter(sent)).toEqual(throughJson(history));
  const ids = sent.filter(({ name }) => name === "batch").map(({ id }) => id);
  const again = await readEvents<Sent["data"]>(eventsAt("whole"), isStatus("done"), ids.at(-1));
  expect(again.map(({ name }) => name)).toEqual(["status"]);
  const unknown = await readEvents<Sent["data"]>(
    eventsAt("whole"),
    isStatus("done"),
    ids.at(-1)!.replace(/@.{64}/, `@${"0".repeat(64)}`),
  );
  expect(heldAfter(unknown)).toEqual(throughJson(history));
  expect(unknown[0]).toMatchObject({ name: "reset" });
});

test("a page that follows a crash and a resume holds what the report holds", async () => {
  const left: RunEvent = { type: "warning", atMs: 1, message: "behind the checkpoint" };
  const seen: Sent[] = [];
  let next: (() => Promise<unknown>) | undefined = async () => {
    const keys = await inStore((store) => store.list(prefixIn("part", "events")));
    const bytes = toSealedPacket(storedBatch({ events: [left], traces: [] }));
    const key = eventsKey("part", keys.length + 1);
    await inStore((store) => store.write(key, bytes));
  };
  await readEvents<Sent["data"]>(eventsAt("part"), (event) => {
    seen.push(event);
    if (isStatus("stopped")(event) && next !== undefined) {
      const act = next;
      next = undefined;
      void act();
    }
    const isLeft =
      event.name === "batch" && event.data.events!.some(({ type }) => type === "warning");
    if (isLeft) void kofn(home, "resume", "part", "--set", "stop.seconds=1000");
    return isStatus("done")(event);
  });
  expect(seen.filter(({ name }) => name === "reset")).toHaveLength(2);
  const history = await inStore((store) => readHistory(store, "part"));
  expect(heldAfter(seen)).toEqual(throughJson(history));
  expect(history.some(({ type }) => type === "resumed")).toBe(true);
  expect(JSON.stringify(history)).not.toContain("behind the checkpoint");
});

test("the list has every run with its parameters and metrics", async () => {
  const rows = JSON.parse((await ask(at("/api/runs"))).text) as Record<string, unknown>[];
  expect(rows.map(({ run }) => run)).toEqual(["part", "whole"]);
  expect(rows[1]).toMatchObject({
    status: "done",
    parameters: { "problem.type": "ridge", "problem.l2": 0.01, "wait.fastest": 4, workers: 6 },
    metrics: { rounds: 8, objective: expect.any(Number), "test rmse": expect.any(Number) },
  });
});

test("a run that could not be resumed says why", async () => {
  problem = "error: it is damaged";
  const headers = { origin: `http://127.0.0.1:${port()}`, "content-type": "application/json" };
  const body = JSON.stringify({ run: "whole" });
  const answer = await ask(at("/api/resume"), { method: "POST", headers, body });
  expect(answer.status).toBe(204);
  const sent = await readEvents<Sent["data"]>(
    eventsAt("whole"),
    ({ name, data }) => name === "status" && data.problem !== "",
  );
  expect(sent.at(-1)!.data.problem).toBe(problem);
});

test("runs and homes that are not there yet are followed, too", async () => {
  const none = await openUi({
    home: join(folder.path, "none"),
    pollMs: 10,
    resume: async () => "",
    whatIf: async () => ({ problem: "" }),
  });
  try {
    const address = `${none.address("/api/events")}&run=a&run=b`;
    const sent = await readEvents<Sent["data"]>(
      address,
      ({ name, data }) => name === "status" && data.run === "b",
    );
    const names = sent.map(({ name, data }) => `${name} ${data.run} ${data.status ?? ""}`.trim());
    expect(names).toEqual(["reset a", "reset b", "status a starting", "status b starting"]);
    expect((await ask(none.address("/api/runs"))).text).toBe("[]");
    expect((await ask(none.address("/api/events"))).status).toBe(400);
  } finally {
    await none.close();
  }
});

test("what if is computed once for all who ask, and told as the page shows it", async () => {
  const headers = { origin: `http://127.0.0.1:${port()}`, "content-type": "application/json" };
  const post = (run: string) =>
    ask(at("/api/what-if"), { method: "POST", headers, body: JSON.stringify({ run }) });
  const [one, two] = await Promise.all([post("whole"), post("whole")]);
  expect(asked).toEqual(["whole"]);
  expect([one.status, two.text]).toEqual([200, one.text]);
  const found = whatIfIn(one.text);
  expect(found.rows.length).toBeGreaterThan(2);
  const status = { run: "whole", status: "done" } as LiveStatus;
  expect(whatIfPart(status, found).markup).toContain("nobody late");
  expect(whatIfPart(status, undefined).markup).toContain('data-act="what-if"');
  expect(whatIfPart({ ...status, status: "running" }, undefined).markup).toBe("");
  const none = await post("nowhere");
  expect([none.status, none.text]).toEqual([409, expect.stringContaining("nowhere")]);
});
