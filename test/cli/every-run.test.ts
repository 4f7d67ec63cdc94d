import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { readBatches, readCheckpoint } from "../../src/journal/checkpoint.ts";
import { appendLog } from "../../src/journal/event-log.ts";
import { openHome } from "../../src/platform/local/home.ts";
import {
  evaluationKey,
  eventsKey,
  modelKey,
  recordKey,
  resultKey,
} from "../../src/store-layout.ts";
import { jsonLines, kofn, kofnInterrupted, newFolder } from "./fixtures.ts";

const made = (type: string, more: object = {}) => ({ type, rows: 160, features: 3, ...more });
const regression = { generate: made("regression") };
const classification = { generate: made("classification", { classes: 2 }), test: 0.25 };
const privacy = { epsilon: 8, delta: 1e-5, unit: "record", adjacency: "replace-one", clip: 1 };
const privately = { data: { ...classification, standardize: false, classes: [0, 1] }, privacy };
const sgd = { type: "sgd", learningRate: 1 };

/** A spec of each strategy; private ones with and without what their owner may see. */
const kinds: Record<string, object> = {
  rounds: { problem: "logistic", data: classification },
  exact: { problem: "ridge", data: regression, strategy: { type: "rounds", exact: true } },
  blocks: { problem: "ridge", data: regression, strategy: "encoded-blocks" },
  "async-sgd": { problem: "logistic", data: classification, strategy: "async-sgd" },
  alternating: {
    problem: { type: "factorization", rank: 2, l2: 0.1 },
    data: { generate: { type: "ratings", rows: 90, users: 12, items: 8 }, test: 0.2 },
  },
  local: {
    problem: "softmax",
    data: classification,
    strategy: "local-steps",
    compression: { type: "top-k", k: 2 },
  },
  anytime: { problem: "logistic", data: classification, strategy: "anytime" },
  gossip: { problem: "logistic", ...privately, strategy: "gossip" },
  nodes: {
    problem: "ridge",
    data: { ...regression, standardize: false },
    strategy: "gossip",
    privacy: { ...privacy, unit: "node", evaluate: true },
  },
  sums: {
    problem: "softmax",
    ...privately,
    optimizer: sgd,
    strategy: { type: "dp-sgd", rate: 1 },
  },
  shares: {
    problem: "logistic",
    ...privately,
    optimizer: sgd,
    strategy: { type: "dp-sgd", noise: "workers" },
    privacy: { ...privacy, evaluate: "test" },
  },
  secure: {
    problem: "softmax",
    data: classification,
    strategy: { type: "local-steps", secureSum: 3 },
  },
  together: {
    problem: "logistic",
    ...privately,
    optimizer: sgd,
    strategy: { type: "dp-sgd", noise: "workers", secureSum: 3 },
    privacy: { ...privacy, adjacency: "add-remove", divisor: 120, evaluate: "test" },
  },
};

/** How a run may have come to stand still, and what its process exits with. */
const endings: Record<string, (home: string, spec: string, name: string) => Promise<number>> = {
  done: (home, spec, name) => simulated(home, spec, name),
  budget: (home, spec, name) => simulated(home, spec, name, "--set", "stop.seconds=0.001"),
  interrupted: async (home, spec, name) => {
    const args = ["simulate", spec, "--name", name, "--json"];
    return (await kofnInterrupted(home, /"type":"round"/, ...args)).exitCode;
  },
  killed: async (home, spec, name) => {
    const exitCode = await simulated(home, spec, name);
    await cutOff(home, name);
    return exitCode;
  },
};
const exitCodes: Record<string, number> = { done: 0, budget: 4, interrupted: 130, killed: 0 };

let folder: Awaited<ReturnType<typeof newFolder>>;
beforeAll(async () => {
  folder = await newFolder();
});
afterAll(() => folder.remove());

/** Every kind to its end, and each of the other endings with some of the kinds. */
const table = Object.keys(kinds).flatMap((kind, i) => {
  const others = Object.keys(endings).filter((ending) => ending !== "done");
  return [
    [kind, "done"],
    [kind, others[i % others.length]!],
  ] as const;
});

test.each(table)("every command reads a run of %s that is %s", async (kind, ending) => {
  const home = join(folder.path, kind, ending);
  const spec = `${home}.json`;
  const rows = `${home}.csv`;
  await mkdir(home, { recursive: true });
  const common = { workers: 4, wait: "all", stop: { rounds: 3, tolerance: 0 }, seed: 3 };
  await writeFile(spec, JSON.stringify({ ...common, ...kinds[kind] }));
  await writeFile(rows, kind === "alternating" ? "x0,x1\n3,4\n" : "x0,x1,x2\n0.1,-0.2,0.3\n");
  expect(await endings[ending]!(home, spec, "one")).toBe(exitCodes[ending]);
  for (const command of commands(ending, home, rows)) {
    const { exitCode, out, err } = await kofn(home, ...command);
    const said = `${command.join(" ")}: ${exitCode}\n${out}${err}`;
    expect([0, 2, 3], said).toContain(exitCode);
    expect(err).not.toMatch(/a fault in kofn/);
    if (command.includes("--json")) jsonLines(out);
    else expect(said).not.toMatch(/NaN|undefined|Infinity|\[object/);
  }
});

test("a run that this kofn would refuse can be read, but not recomputed", async () => {
  const home = join(folder.path, "refused");
  const spec = `${home}.json`;
  const common = { workers: 4, wait: "all", stop: { rounds: 2 }, seed: 3 };
  await mkdir(home, { recursive: true });
  await writeFile(spec, JSON.stringify({ ...common, ...kinds.gossip }));
  expect(await simulated(home, spec, "one")).toBe(0);
  const { store, close } = await openHome(home);
  const record = JSON.parse(Buffer.from((await store.read(recordKey("one")))!).toString());
  delete record.spec.data.classes;
  // As a version wrote it that sealed nothing yet.
  delete record.sha256;
  await store.write(recordKey("one"), Buffer.from(JSON.stringify(record)));
  await close();
  for (const command of [["list"], ["show", "one"], ["report", "one"], ["watch", "one"]])
    expect((await kofn(home, ...command)).exitCode, command.join(" ")).toBe(0);
  const { exitCode, err } = await kofn(home, "replay", "one");
  expect(exitCode).toBe(2);
  expect(err).toMatch(/data\.classes: nothing given/);
});

/** All that only look; as people read them where a run is done, else as programs do, too. */
function commands(ending: string, home: string, rows: string): string[][] {
  const exported = ending === "done" ? ["safetensors", "npy", "tfjs", "json"] : ["json"];
  const said = [["list"], ...["show", "watch", "bill", "replay"].map((name) => [name, "one"])];
  return [
    ...(ending === "done" ? said : [...said.map((one) => [...one, "--json"]), ["show", "one"]]),
    ["report", "one"],
    ...exported.map((as) => ["export", "one", "--format", as, "--output", join(home, as)]),
    ["predict", "one", rows],
  ];
}

async function simulated(home: string, spec: string, name: string, ...more: string[]) {
  const ended = await kofn(home, "simulate", spec, "--name", name, ...more);
  expect(ended.err).not.toContain("a fault");
  return ended.exitCode;
}

/** Takes away what a process writes last, as if it had been killed before. */
async function cutOff(path: string, run: string): Promise<void> {
  const { store, close } = await openHome(path);
  for (const key of [resultKey(run), evaluationKey(run), modelKey(run)]) await store.remove(key);
  const { sequence, events: _, ...last } = (await readCheckpoint<object>(store, run))!;
  const { events, traces } = await readBatches(store, run, { upTo: sequence });
  const told = events.filter(({ type }) => type !== "stopped");
  for (const key of await store.list(eventsKey(run, 0).replace(/[^/]+$/, "")))
    await store.remove(key);
  await appendLog(store, run, [{ events: told, traces }], { ...last, sequence: 1 });
  await close();
}
