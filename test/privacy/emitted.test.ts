import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { randomFrom } from "../../src/core/random.ts";
import { openHome } from "../../src/platform/local/home.ts";
import type { LiveBatch, LiveStatus } from "../../src/report/live/protocol.ts";
import { openUi } from "../../src/ui/server.ts";
import { kofn, newFolder } from "../cli/fixtures.ts";
import { collector, mlflow, type Taken } from "../reporters/collector.ts";
import { ask, readEvents } from "../ui/events-over-http.ts";
import { filesBelow, found, type Needle, needle } from "./needles.ts";

/*
 * Everything that a private run emits, looked through for the planted values of one record: every
 * object of the store but rows and secrets, the report, the model, exports, and all that commands
 * say. What may be told, and why, is the table in docs/threat-model.md.
 */
const planted = [0.7318264, -0.6180931, 0.2945177];
const sgd = { type: "sgd", learningRate: 0.5, momentum: 0 };
const common = {
  problem: { type: "logistic", l2: 0.1 },
  workers: 3,
  wait: "all",
  stop: { rounds: 2 },
  report: ["jsonl", "csv"],
  seed: 4,
};
const privacy = { epsilon: 2, delta: 1e-5, unit: "record", adjacency: "replace-one", clip: 1 };
const specs: Record<string, object> = {
  "by an aggregator": { strategy: "dp-sgd", optimizer: sgd, privacy },
  "by workers": {
    strategy: { type: "dp-sgd", noise: "workers" },
    optimizer: sgd,
    privacy: { ...privacy, adjacency: "add-remove", divisor: 30 },
  },
  "by a secure sum": {
    strategy: { type: "dp-sgd", noise: "workers", secureSum: 3 },
    optimizer: sgd,
    privacy: { ...privacy, adjacency: "add-remove", divisor: 30 },
  },
  "by gossip": { strategy: { type: "gossip", region: { ball: 10 } }, privacy },
};

/** Rows as a file, the planted record among them or another in its place. */
function rowsWith(record: readonly number[]): string {
  const random = randomFrom("emitted rows");
  const lines = Array.from({ length: 30 }, (_, i) => {
    const values = i === 11 ? record : [0, 1, 2].map(() => random.normal());
    return [...values.map((value) => value.toFixed(7)), i % 2 ? "a" : "b"].join(",");
  });
  return ["x0,x1,x2,y", ...lines].join("\n");
}

let folder: Awaited<ReturnType<typeof newFolder>>;
beforeAll(async () => {
  folder = await newFolder();
});
afterAll(() => folder.remove());

/** A run over these rows, in a home of its own, and all that reading commands say of it. */
async function emitted(name: string, spec: object, rows: string) {
  const home = join(folder.path, name);
  await mkdir(home, { recursive: true });
  const source = join(folder.path, "rows.csv");
  await writeFile(source, rows);
  const path = join(folder.path, `${name}.json`);
  const data = { source, target: "y", classes: ["a", "b"], standardize: false };
  await writeFile(path, JSON.stringify({ ...common, data, ...spec }));
  const said: Record<string, string> = {};
  for (const command of [
    ["plan", path],
    ["simulate", path, "--name", "one"],
    ...["list", "show", "watch", "bill", "report", "replay"].map((read) =>
      read === "list" ? [read] : [read, "one"],
    ),
    ["show", "one", "--json"],
    ["weather", "one"],
    ["tag", "one", "private", "--note", "the first"],
    ...["safetensors", "onnx", "hub", "tfjs", "npy", "json"].map((format) => {
      const file = join(home, `exported.${format}`);
      return ["export", "one", "--format", format, "--output", file];
    }),
  ]) {
    const { exitCode, out, err } = await kofn(home, ...command);
    expect(exitCode, err).toBe(0);
    said[command.filter((word) => !word.includes("/")).join(" ")] = out + err;
  }
  said["ui one"] = await livePage(home);
  return { home, said, sent: await toldToOthers(home) };
}

/** What a collector of traces and an MLflow server are sent of the run. */
async function toldToOthers(home: string): Promise<readonly Taken[]> {
  const server = await collector(mlflow);
  try {
    vi.stubEnv("OTEL_EXPORTER_OTLP_ENDPOINT", server.address);
    vi.stubEnv("MLFLOW_TRACKING_URI", server.address);
    const told = await kofn(home, "report", "one", "--to", "otlp", "--to", "mlflow");
    expect(told.err).not.toContain("report:");
    expect(server.taken.filter(({ path }) => path === "/v1/traces").length).toBeGreaterThan(0);
    expect(server.taken.some(({ method }) => method === "PUT")).toBe(true);
    return server.taken;
  } finally {
    vi.unstubAllEnvs();
    await server.close();
  }
}

/** What the live page is sent of the run: the list's rows, its log, and its status at last. */
async function livePage(home: string): Promise<string> {
  const ui = await openUi({
    home,
    pollMs: 10,
    resume: async () => "",
    whatIf: async () => ({ problem: "" }),
  });
  try {
    const rows = await ask(ui.address("/api/runs"));
    const address = `${ui.address("/api/events")}&run=one`;
    const sent = await readEvents<Partial<LiveStatus & LiveBatch>>(
      address,
      ({ data }) => data.status === "done",
    );
    // In how many batches they come hangs on the machine.
    const events = sent.flatMap(({ data }) => data.events ?? []);
    expect(events.length).toBeGreaterThan(3);
    return [rows.text, JSON.stringify(events), JSON.stringify(sent.at(-1)!.data)].join("\n");
  } finally {
    await ui.close();
  }
}

describe.each(Object.entries(specs))("a private run with noise %s", (name, spec) => {
  test("tells no planted value of a record", async () => {
    const { home, said, sent } = await emitted(name, spec, rowsWith(planted));
    const needles = planted.map((value, i): Needle => {
      const { forms, what } = needle(`value ${i}`, value);
      return { what, forms: [...forms, Buffer.from(value.toFixed(7).replace(/^-/, ""))] };
    });
    const raw: string[] = [];
    const leaks = Object.entries(said).flatMap(([command, text]) =>
      found(needles, `what kofn ${command} says`, Buffer.from(text)),
    );
    for (const { path, body } of sent) leaks.push(...found(needles, `what goes to ${path}`, body));
    const { store, close } = await openHome(home);
    try {
      for (const key of await store.list("")) {
        const inObject = found(needles, key, (await store.read(key))!);
        // Rows at rest are what they are.
        if (key.startsWith("parts/")) raw.push(...inObject);
        else if (!key.startsWith("secrets/")) leaks.push(...inObject);
      }
    } finally {
      await close();
    }
    for (const { path, bytes } of filesBelow(home))
      if (!path.includes("/s3/")) leaks.push(...found(needles, path, bytes));
    expect(leaks).toEqual([]);
    // They are found where they are: this search sees.
    expect(raw.length).toBeGreaterThanOrEqual(planted.length);
  });

  test("tells of a record's place taken by another in noised numbers alone", async () => {
    const here = await emitted(`${name} here`, spec, rowsWith(planted));
    const there = await emitted(`${name} there`, spec, rowsWith([0.9, 0.9, 0.9]));
    for (const [command, text] of Object.entries(here.said)) {
      // A plan tries settings over raw rows, and says that it is for their owner.
      if (command === "plan") continue;
      const other = there.said[command]!;
      expect(withoutNoise(text, here.home), command).toBe(withoutNoise(other, there.home));
    }
    const sizes = await Promise.all([here.home, there.home].map(publishedSizes));
    expect(sizes[0]).toEqual(sizes[1]);
  });

  test("is forgotten: its secrets go, all else stays", async () => {
    const home = join(folder.path, name);
    const before = await keysOf(home);
    expect(before.some((key) => key.startsWith("secrets/one/"))).toBe(true);
    const { exitCode, out, err } = await kofn(home, "forget", "one");
    expect(exitCode, err).toBe(0);
    expect(out).toMatch(/one forgot \d+ secrets/);
    expect(await keysOf(home)).toEqual(before.filter((key) => !key.startsWith("secrets/")));
    expect((await kofn(home, "show", "one")).exitCode).toBe(0);
    expect((await kofn(home, "forget", "one")).out).toMatch(/has no secrets/);
  });
});

/** Names of a home, digests, times of day and what is computed of noised numbers are put aside. */
function withoutNoise(text: string, home: string): string {
  return (
    text
      .replaceAll(home, "HOME")
      .replaceAll(/[0-9a-f]{64}/g, "DIGEST")
      .replaceAll(/"gradientNorm":[^,}]+/g, "")
      // Checkpoints are written as often as a machine has time to.
      .replaceAll(/^(store writes|all) .*\n/gm, "")
      // How far it is at some moment of a busy machine.
      .replaceAll(/^round \d+\/\d+ .*\n/gm, "")
      .replaceAll(/\d{4}-\d\d-\d\d[T ][\d:.]+Z?/g, "TIME")
  );
}

async function keysOf(home: string): Promise<string[]> {
  const { store, close } = await openHome(home);
  try {
    return await store.list("");
  } finally {
    await close();
  }
}

/** Lengths of what is published: they must not hang on a record either. */
async function publishedSizes(home: string): Promise<Record<string, number>> {
  const { store, close } = await openHome(home);
  try {
    const sizes: Record<string, number> = {};
    for (const key of await store.list("runs/one/"))
      if (/\/(round|ledger)\//.test(key)) sizes[key] = (await store.read(key))!.length;
    return { ...sizes, model: (await readFile(join(home, "exported.npy"))).length };
  } finally {
    await close();
  }
}
