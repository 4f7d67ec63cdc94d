import { mkdtemp, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, onTestFinished, test, vi } from "vitest";
import { tellSegment } from "../../src/platform/cloud/told-segment.ts";
import { tellRun } from "../../src/platform/tell-run.ts";
import { withOpenRun } from "../../src/platform/training/open-run.ts";
import { trainNew } from "../../src/platform/training/train.ts";
import type { RunEvent } from "../../src/ports/events.ts";
import type { ReporterName } from "../../src/reporters/reporter.ts";
import { resolveSpec } from "../../src/run/resolve-spec.ts";
import { eventually } from "../eventually.ts";
import { readTexts } from "../style/source-tree.ts";
import { type Collector, collector, mlflow, spansOf } from "./collector.ts";

const spec = {
  problem: { type: "logistic" },
  data: { generate: { type: "classification", rows: 120, features: 3 }, test: 0.2 },
  workers: 4,
  wait: { fastest: 3 },
  encoding: "uncoded",
  optimizer: "gradient-descent",
  stop: { rounds: 6, tolerance: 0 },
  weather: { model: "late", probability: 0.3, delayMs: 9, failures: 0.1 },
  seed: 4,
};

let home = "";
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), "kofn-reporters-"));
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(home, { recursive: true, force: true, maxRetries: 5 });
});

async function train(report: readonly ReporterName[], run = "told") {
  const notes: string[] = [];
  const events: RunEvent[] = [];
  const written = resolveSpec({ ...spec, report });
  const { result } = await trainNew(
    { run, spec: written, backend: "simulated", home },
    { onNote: (text) => notes.push(text), listen: (event) => events.push(event) },
  );
  return { result, notes, events };
}

async function serving(answer?: Parameters<typeof collector>[0]): Promise<Collector> {
  const server = await collector(answer);
  onTestFinished(() => server.close());
  return server;
}

test("files: every event as a line of JSON, and a line of CSV for each round", async () => {
  const { events } = await train(["jsonl", "csv"]);
  const folder = join(home, "runs", "told");
  const lines = (await readFile(join(folder, "events.jsonl"), "utf8")).trim().split("\n");
  expect(lines.map((line) => JSON.parse(line))).toEqual(
    events.map((event) => JSON.parse(JSON.stringify({ run: "told", ...event }))),
  );
  const [head, ...rows] = (await readFile(join(folder, "rounds.csv"), "utf8")).trim().split("\n");
  expect(head).toMatch(/^round,startedMs,endedMs,objective,/);
  const rounds = events.filter((event) => event.type === "round");
  expect(rows.map((row) => Number(row.split(",")[3]))).toEqual(
    rounds.map(({ objectiveEstimate }) => objectiveEstimate),
  );
  const replies = events.filter(({ type, atMs = 0 }: { type: string; atMs?: number }) => {
    return type === "arrival" && atMs <= rounds.at(-1)!.atMs;
  });
  const counts = rows.map((row) => row.split(",").slice(6, 9).map(Number));
  const told = counts.flat().reduce((sum, count) => sum + count, 0);
  expect(told).toBeGreaterThan(0);
  expect(told).toBeLessThanOrEqual(replies.length);
  expect((await stat(join(folder, "events.jsonl"))).mode & 0o777).toBe(0o600);
});

test("otlp: one trace with a span for each round, its tasks within; ids stay", async () => {
  const server = await serving();
  vi.stubEnv("OTEL_EXPORTER_OTLP_ENDPOINT", server.address);
  const { events, notes } = await train(["otlp"]);
  expect(notes).toEqual([]);
  expect(new Set(server.taken.map(({ path }) => path))).toEqual(new Set(["/v1/traces"]));
  const spans = server.taken.flatMap(spansOf);
  const byId = new Map(spans.map((span) => [span.id, span]));
  expect(byId.size).toBe(spans.length);
  expect(new Set(spans.map(({ trace }) => trace)).size).toBe(1);
  const [root, ...others] = spans.filter(({ parent }) => parent === "");
  expect(others).toEqual([]);
  expect(root!.name).toBe("run told");
  const rounds = spans.filter(({ name }) => /^round \d+$/.test(name));
  expect(rounds).toHaveLength(6);
  for (const { parent } of rounds) expect(parent).toBe(root!.id);
  const tasks = spans.filter(({ name }) => name.includes("/"));
  expect(tasks).toHaveLength(events.filter(({ type }) => type === "arrival").length);
  for (const { parent, from, to } of tasks) {
    expect(byId.has(parent)).toBe(true);
    expect(from <= to && from >= root!.from && to <= root!.to).toBe(true);
  }
  const before = new Set(byId.keys());
  server.taken.length = 0;
  await withOpenRun({ home }, "told", async ({ store }, record) => {
    const told = await tellRun(record, store, { names: ["otlp"], folder: home });
    await told.close();
  });
  expect(new Set(server.taken.flatMap(spansOf).map(({ id }) => id))).toEqual(before);
});

test("mlflow: the spec as parameters, metrics of each round, the model as artifact", async () => {
  const server = await serving(mlflow);
  vi.stubEnv("MLFLOW_TRACKING_URI", server.address);
  const { result, notes } = await train(["mlflow"]);
  expect(notes).toEqual([]);
  const batches = server.taken
    .filter(({ path }) => path.endsWith("runs/log-batch"))
    .map(({ body }) => JSON.parse(body.toString("utf8")));
  const parameters = batches.flatMap(({ params = [] }) => params);
  expect(parameters).toContainEqual({ key: "stop.rounds", value: "6" });
  expect(parameters).toContainEqual({ key: "problem.type", value: "logistic" });
  const metrics = batches.flatMap((batch) => batch.metrics ?? []);
  const steps = metrics.filter(({ key }) => key === "objective").map(({ step }) => step);
  expect(steps).toEqual([0, 1, 2, 3, 4, 5]);
  expect(metrics).toContainEqual(
    expect.objectContaining({ key: "final_objective", value: result.objective }),
  );
  const [model] = server.taken.filter(({ method }) => method === "PUT");
  expect(model!.path).toBe("/api/2.0/mlflow-artifacts/artifacts/7/abc/artifacts/model.safetensors");
  expect(model!.body.length).toBeGreaterThan(8);
  const [update] = server.taken.filter(({ path }) => path.endsWith("runs/update"));
  expect(JSON.parse(update!.body.toString("utf8"))).toMatchObject({ status: "FINISHED" });
});

test("a dead collector, a server that refuses or is not named change nothing", async () => {
  const plain = await train([], "plain");
  const server = await serving(() => ({ status: 503, body: {} }));
  const gone = await collector();
  await gone.close();
  vi.stubEnv("OTEL_EXPORTER_OTLP_ENDPOINT", gone.address);
  vi.stubEnv("MLFLOW_TRACKING_URI", server.address);
  const told = await train(["otlp", "mlflow", "jsonl"], "refused");
  expect(told.result.weightsDigest).toBe(plain.result.weightsDigest);
  expect(told.notes.some((note) => /^report: mlflow: .* answers 503/.test(note))).toBe(true);
  expect(told.notes.some((note) => /^report: otlp: /.test(note))).toBe(true);
  vi.stubEnv("MLFLOW_TRACKING_URI", "");
  const unnamed = await train(["mlflow"], "unnamed");
  expect(unnamed.notes).toEqual(["report: mlflow: MLFLOW_TRACKING_URI names no server"]);
});

test("nothing of it is loaded where it is not asked for", () => {
  const root = fileURLToPath(new URL("../..", import.meta.url));
  const texts = Object.entries(readTexts(root, ["src"], [".ts"]));
  const importers = texts.filter(
    ([path, text]) =>
      !path.startsWith("src/reporters/") &&
      /^import (?!type).*reporters\/(?!reporter\.ts)/m.test(text as string),
  );
  expect(importers.map(([path]) => path)).toEqual([]);
});

test("segments tell a run in pieces, and what a killed one sent is whole", async () => {
  const server = await serving();
  vi.stubEnv("OTEL_EXPORTER_OTLP_ENDPOINT", server.address);
  const { events } = await train([]);
  const rounds = events.filter((event) => event.type === "round");
  await withOpenRun({ home }, "told", async ({ store }, record) => {
    const reporting = { ...record, spec: { ...record.spec, report: ["otlp" as const] } };
    const segment = (toldMs?: number) =>
      tellSegment(reporting, store, { toldMs, remainingMs: () => 900_000 });
    const sent = () => server.taken.splice(0).flatMap(spansOf);
    const nothing = await segment(rounds.at(-1)!.atMs);
    expect(await nothing.close(true)).toBe(rounds.at(-1)!.atMs);
    expect(sent()).toEqual([]);
    const second = await segment(rounds[2]!.atMs);
    await second.close(true);
    const told = sent();
    const names = told.map(({ name }) => name).filter((name) => /^round \d/.test(name));
    expect(names).toEqual(["round 3", "round 4", "round 5"]);
    // Killed: it is not closed, and its batches go out while it lives.
    vi.stubEnv("OTEL_BSP_SCHEDULE_DELAY", "1");
    await segment();
    await eventually(() => server.taken.length > 0, "spans are sent before the end");
    const whole = sent();
    const last = await segment();
    await last.close(false);
    const again = sent();
    const ids = new Set(again.map(({ id }) => id));
    expect(again.filter(({ parent }) => parent === "")).toHaveLength(1);
    for (const { id, parent } of [...told, ...whole]) {
      expect(ids.has(id)).toBe(true);
      expect(ids.has(parent)).toBe(true);
    }
    // An invocation that has no time left ends all the same.
    const late = await tellSegment(reporting, store, { toldMs: 7, remainingMs: () => 0 });
    expect(await late.close(true)).toBe(7);
  });
});
