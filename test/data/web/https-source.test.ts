import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { afterEach, expect, it } from "vitest";
import { parseOptions } from "../../../src/core/registry.ts";
import { type DataInput, dataSchema } from "../../../src/data/options.ts";
import { prepareDataSet } from "../../../src/data/prepare/prepare.ts";
import { memoryStore, prepared, refusal } from "../fixtures.ts";
import { type Recorded, type RecordedServer, recordedServer } from "./recorded-server.ts";

const servers: RecordedServer[] = [];
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close()));
});

async function serverOf(files: Readonly<Record<string, Recorded>>): Promise<RecordedServer> {
  const server = await recordedServer(files);
  servers.push(server);
  return server;
}

async function made({ open }: RecordedServer, options: DataInput) {
  const data = parseOptions(dataSchema, { target: "y", ...options }, "data");
  const request = { data, task: "regression", seed: 7 } as const;
  return prepareDataSet(request, { open, store: memoryStore() });
}

async function bytesOf({ bytes }: { bytes(): AsyncIterable<Uint8Array> }): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of bytes()) chunks.push(chunk);
  return Buffer.concat(chunks);
}

const lines = Array.from({ length: 3_000 }, (_, i) => `${i},${i % 7},${3 * i}\n`);
const csv = `a,b,y\n${lines.join("")}`;

it("a CSV file is streamed to the bits of a local one, also where connections break", async () => {
  const breaks = { after: 9_000, left: 3 };
  const server = await serverOf({ "/t.csv": { body: csv, breaks } });
  const here = await prepared({ "t.csv": csv }, { source: "t.csv", target: "y", test: 0.2 });
  const there = await made(server, { source: `${server.origin}/t.csv?key=secret`, test: 0.2 });
  expect([there.train, there.test]).toEqual([here.prepared.train, here.prepared.test]);
  expect(breaks.left).toBe(0);
  expect(server.asked.some((one) => /bytes=9000-/.test(one))).toBe(true);
});

it("a range is asked for as such, and a file is named by its address and version", async () => {
  const body = await readFile(
    new URL("../../fixtures/tables/dates-duckdb.parquet", import.meta.url),
  );
  const server = await serverOf({ "/dates-duckdb.parquet": { body } });
  const source = await server.open(`${server.origin}/dates-duckdb.parquet`);
  expect(source.sizeBytes).toBe(body.length);
  expect(Buffer.from(await source.range(100, 200))).toEqual(body.subarray(100, 200));
  expect(server.asked.at(-1)).toBe("/dates-duckdb.parquet bytes=100-199");
  expect(await source.identity()).toBe(`${server.origin}/dates-duckdb.parquet "v1" ${body.length}`);
});

it("follows five redirects, each time anew, and no sixth", async () => {
  const hops = Object.fromEntries(
    Array.from({ length: 6 }, (_, i) => [
      `/${i + 1}.csv`,
      { location: i === 0 ? "/t.csv" : `/${i}.csv` },
    ]),
  );
  const server = await serverOf({ ...hops, "/t.csv": { body: csv } });
  const source = await server.open(`${server.origin}/5.csv`);
  expect((await bytesOf(source)).toString()).toBe(csv);
  expect(server.asked.filter((one) => one.startsWith("/5.csv"))).toHaveLength(2);
  const refused = await refusal(server.open(`${server.origin}/6.csv`));
  expect([refused.code, refused.message]).toEqual([
    "unreadable-address",
    expect.stringMatching(/more than 5 redirects/),
  ]);
});

it("refuses another version in mid-read, whatever the server answers by", async () => {
  for (const change of [{ etag: '"v2"' }, { body: `${csv}1,2,3\n` }]) {
    const breaks = { after: 5_000, left: 1 };
    const file: Recorded = { body: csv, breaks };
    const server = await serverOf({ "/t.csv": file });
    const source = await server.open(`${server.origin}/t.csv`);
    Object.assign(file, change);
    const refused = await refusal(bytesOf(source));
    expect([refused.code, refused.message]).toEqual([
      "changed-file",
      expect.stringMatching(/changed while it was read: "v1"/),
    ]);
  }
});

it.each([
  ["that takes no ranges", { isWhole: true }],
  ["that names no version", { etag: null }],
] as [string, Recorded][])(
  "reads a file of a server %s once, and names it by its digest",
  async (_, how) => {
    const server = await serverOf({ "/t.csv": { ...how, body: csv } });
    const source = await server.open(`${server.origin}/t.csv`);
    const asked = server.asked.length;
    expect((await bytesOf(source)).toString()).toBe(csv);
    expect(Buffer.from(await source.range(3, 9)).toString()).toBe(csv.slice(3, 9));
    expect(server.asked).toHaveLength(asked);
    expect(await source.identity()).toBe(createHash("sha256").update(csv).digest("hex"));
  },
);

it("asks again where a server is busy", async () => {
  const server = await serverOf({ "/t.csv": { body: csv, busy: 2 } });
  expect((await server.open(`${server.origin}/t.csv`)).sizeBytes).toBe(csv.length);
});

it.each([
  ["/none.csv", {}, "unreadable-address", /none\.csv: status 404/],
  ["/t.csv", { "/t.csv": { status: 403 } }, "unreadable-address", /not for everybody/],
  [
    "/t.csv",
    { "/t.csv": { location: "http://example.org/t.csv" } },
    "bad-address",
    /leads to http:/,
  ],
  [
    "/t.csv",
    { "/t.csv": { body: csv, headers: { "content-encoding": "br" } } },
    "unreadable-address",
    /packed \(br\)/,
  ],
  ["/*.csv", {}, "bad-address", /does not list/],
] as [string, Record<string, Recorded>, string, RegExp][])(
  "refuses what cannot be read: %s (%#)",
  async (path, files, code, message) => {
    const server = await serverOf(files);
    const refused = await refusal(made(server, { source: `${server.origin}${path}` }));
    expect([refused.code, refused.message]).toEqual([code, expect.stringMatching(message)]);
    expect(refused.hint).toBeTruthy();
  },
);

it("refuses addresses that anybody may change on the way, and those of nothing", async () => {
  const { open } = await serverOf({});
  for (const address of ["http://example.org/t.csv", "ftp://example.org/t.csv", "https://"])
    expect((await refusal(open(address))).code).toBe("bad-address");
});

it("takes no more bytes than it asked for", async () => {
  const server = await serverOf({ "/t.csv": { body: csv, isTooMuch: true } });
  const source = await server.open(`${server.origin}/t.csv`);
  expect((await refusal(source.range(0, 10))).message).toMatch(/more than the 10 bytes/);
});
