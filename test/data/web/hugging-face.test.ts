import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it, onTestFinished, vi } from "vitest";
import { train } from "../../../src/index.ts";
import { withOpenRun } from "../../../src/platform/training/open-run.ts";
import { kofn } from "../../cli/fixtures.ts";
import { refusal } from "../fixtures.ts";
import { type Recorded, type RecordedServer, recordedServer } from "./recorded-server.ts";

const commit = "0123456789abcdef0123456789abcdef01234567";
const names = [
  ".gitattributes",
  "README.md",
  "data/year=2023/part-0.parquet",
  "data/year=2024/part-0.parquet",
];

const resolved = `/datasets/org/table/resolve/${commit}`;
const hubSpec = {
  problem: { type: "ridge" },
  data: { source: "hf://datasets/org/table", target: "y", missing: "impute" },
  workers: 2,
  stop: { rounds: 2 },
} as const;

let server: RecordedServer;
/** What it answers, by paths. */
let files: Record<string, Recorded> = {};
let home = "";

const dates = () =>
  readFile(new URL("../../fixtures/tables/dates-duckdb.parquet", import.meta.url));

/* The answers of a hub to `GET /api/datasets/org/table/revision/main`, and of its file server. */
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), "kofn-test-"));
  const body = await dates();
  const siblings = names.map((rfilename) => ({ rfilename }));
  const told = JSON.stringify({ id: "org/table", sha: commit, siblings });
  files = {
    "/api/datasets/org/table/revision/main": { body: told, isWhole: true },
    "/api/datasets/org/table/revision/refs%2Fconvert%2Fparquet": { body: told, isWhole: true },
    [`${resolved}/data/year%3D2023/part-0.parquet`]: { location: "/blob" },
    [`${resolved}/data/year%3D2024/part-0.parquet`]: { location: "/blob" },
    "/blob": { body },
  };
  server = await recordedServer(files);
  vi.stubEnv("HF_ENDPOINT", server.origin);
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await server.close();
  await rm(home, { recursive: true });
});

it("a data set is its Parquet files, at the commit that a branch is now", async () => {
  const { list } = server.open;
  const at = `hf://datasets/org/table@${commit}`;
  const all = [2023, 2024].map((year) => ({
    source: `${at}/data/year=${year}/part-0.parquet`,
    partition: { year: String(year) },
  }));
  expect(await list!("hf://datasets/org/table")).toEqual(all);
  expect(await list!("hf://datasets/org/table@main/data")).toEqual(all);
  expect(await list!("hf://datasets/org/table@~parquet/data/**/part-*.parquet")).toEqual(all);
  expect(await list!("hf://datasets/org/table/data/year=2024/*")).toEqual([all[1]]);
  const [one] = await list!("hf://datasets/org/table/data/year=2023/part-0.parquet");
  expect(one!.source).toBe(all[0]!.source);
  const source = await server.open(one!.source);
  expect(await source.identity()).toBe(all[0]!.source);
});

it("a run's record has the commit of every file that it read", async () => {
  const { run } = await train(hubSpec, { backend: "simulated", home });
  const { sources } = await withOpenRun({ home }, run, async (_, record) => record);
  const read = [2023, 2024].map(
    (year) => `hf://datasets/org/table@${commit}/data/year=${year}/part-0.parquet`,
  );
  expect(sources).toEqual(Object.fromEntries(read.map((name) => [name, name])));
});

it.each([
  ["hf://datasets/table", "bad-address", /expected hf:\/\/datasets\/org\/name/],
  ["hf://datasets/org/table/none.parquet", "unreadable-address", /no such file/],
  ["hf://datasets/org/other", "unreadable-address", /status 404/],
])("refuses %s", async (address, code, message) => {
  const refused = await refusal(server.open.list!(address) as Promise<unknown>);
  expect([refused.code, refused.message]).toEqual([code, expect.stringMatching(message)]);
  expect(refused.hint).toBeTruthy();
});

it("tells the hub alone who asks, and the token is nowhere in what a run leaves", async () => {
  const secret = "hf_recordedNowhere";
  const elsewhere = await recordedServer({ "/blob": { body: await dates() } });
  onTestFinished(() => elsewhere.close());
  // Another port of this machine is another server, as the hub's file servers are.
  for (const year of [2023, 2024])
    files[`${resolved}/data/year%3D${year}/part-0.parquet`] = {
      location: `${elsewhere.origin}/blob`,
    };
  vi.stubEnv("HF_TOKEN", ` ${secret}\n`);
  const seen: unknown[] = [];
  const spec = { ...hubSpec, report: ["jsonl" as const] };
  const listen = (event: unknown) => seen.push(event);
  const { run } = await train(spec, { backend: "simulated", home, listen });
  expect(server.askedBy.length).toBeGreaterThan(2);
  expect(new Set(server.askedBy)).toEqual(new Set([`Bearer ${secret}`]));
  expect(elsewhere.askedBy.length).toBeGreaterThan(2);
  expect(new Set(elsewhere.askedBy)).toEqual(new Set(["nobody"]));
  expect(await kofn(home, "show", run)).toMatchObject({ exitCode: 0 });
  expect(JSON.stringify(seen)).not.toContain(secret);
  const left = await readdir(home, { recursive: true, withFileTypes: true });
  const written = left.filter((entry) => entry.isFile());
  expect(written.length).toBeGreaterThan(5);
  for (const { parentPath, name } of written)
    expect((await readFile(join(parentPath, name))).includes(secret), name).toBe(false);
});

it.each([
  ["", /status 401: it is not for everybody/, /set HF_TOKEN/],
  ["hf_ofSomebodyElse", /status 401: it is not for everybody/, /token in HF_TOKEN may read it/],
  ["hf_\u0007broken", /^HF_TOKEN: it holds characters/, /copy it again/],
])("says what to do about a data set that is not public, by the token %j", async (...given) => {
  const [token, message, hint] = given;
  vi.stubEnv("HF_TOKEN", token);
  files["/api/datasets/org/closed/revision/main"] = { status: 401 };
  const refused = await refusal(server.open.list!("hf://datasets/org/closed") as Promise<unknown>);
  expect(refused.message).toMatch(message);
  expect(refused.hint).toMatch(hint);
  expect(`${refused.message}${refused.hint}`).not.toContain(token || "hf_");
});
