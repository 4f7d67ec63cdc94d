import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { train } from "../../../src/index.ts";
import { withOpenRun } from "../../../src/platform/training/open-run.ts";
import { refusal } from "../fixtures.ts";
import { type RecordedServer, recordedServer } from "./recorded-server.ts";

const commit = "0123456789abcdef0123456789abcdef01234567";
const files = [
  ".gitattributes",
  "README.md",
  "data/year=2023/part-0.parquet",
  "data/year=2024/part-0.parquet",
];

let server: RecordedServer;
let home = "";

/* The answers of a hub to `GET /api/datasets/org/table/revision/main`, and of its file server. */
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), "kofn-test-"));
  const body = await readFile(
    new URL("../../fixtures/tables/dates-duckdb.parquet", import.meta.url),
  );
  const siblings = files.map((rfilename) => ({ rfilename }));
  const told = JSON.stringify({ id: "org/table", sha: commit, siblings });
  const resolved = `/datasets/org/table/resolve/${commit}`;
  server = await recordedServer({
    "/api/datasets/org/table/revision/main": { body: told, isWhole: true },
    "/api/datasets/org/table/revision/refs%2Fconvert%2Fparquet": { body: told, isWhole: true },
    [`${resolved}/data/year%3D2023/part-0.parquet`]: { location: "/blob" },
    [`${resolved}/data/year%3D2024/part-0.parquet`]: { location: "/blob" },
    "/blob": { body },
  });
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
  const { run } = await train(
    {
      problem: { type: "ridge" },
      data: { source: "hf://datasets/org/table", target: "y", missing: "impute" },
      workers: 2,
      stop: { rounds: 2 },
    },
    { backend: "simulated", home },
  );
  const { sources } = await withOpenRun({ home }, run, async (_, record) => record);
  const names = [2023, 2024].map(
    (year) => `hf://datasets/org/table@${commit}/data/year=${year}/part-0.parquet`,
  );
  expect(sources).toEqual(Object.fromEntries(names.map((name) => [name, name])));
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
