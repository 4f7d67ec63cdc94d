import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { InvokeCommand } from "@aws-sdk/client-lambda";
import { expect, test } from "vitest";
import { lambdaClient } from "../../src/compute/lambda-client.ts";
import { readCheckpoint } from "../../src/journal/checkpoint.ts";
import { readRecord } from "../../src/journal/run-record.ts";
import type { EmulatedBackend } from "../../src/platform/local/emulated.ts";
import { openHome } from "../../src/platform/local/home.ts";
import { openComputeBackend } from "../../src/platform/local/registry.ts";
import { accessTo } from "../../src/platform/local/s3-access.ts";
import { createRun } from "../../src/platform/training/create-run.ts";
import { replayRun } from "../../src/platform/training/replay-run.ts";
import { continueRun } from "../../src/platform/training/start-run.ts";
import { readHistory, readJson } from "../../src/run/finish.ts";
import { resolveSpec } from "../../src/run/resolve-spec.ts";
import { resultKey } from "../../src/store-layout.ts";
import { kofn } from "../cli/fixtures.ts";
import { runOn, temporaryHome } from "./workplace.ts";

const rows = (type: string) => ({ generate: { type, rows: 120, features: 4 } });
/** A tail whose variance does not exist; tasks also fail, run twice, and hang, unforeseen. */
const heavy = {
  model: "pareto",
  scaleMs: 400,
  shape: 1.9,
  failures: 0.05,
  hangs: 0.06,
  duplicates: 0.1,
  coldStartMs: 142,
};
const ridge = { problem: { type: "ridge", l2: 0.05 }, data: rows("regression"), workers: 4 };
const logistic = {
  problem: { type: "logistic", l2: 0.1 },
  data: { ...rows("classification"), classes: [0, 1], standardize: false },
  workers: 4,
};
const privacy = { epsilon: 3, delta: 1e-5, unit: "record", adjacency: "replace-one", clip: 1 };
const stop = { rounds: 400, tolerance: 0 };

/** One spec for every strategy. */
const kinds: Readonly<Record<string, object>> = {
  rounds: { ...ridge, wait: { fastest: 3 }, stop },
  "async-sgd": {
    ...ridge,
    strategy: "async-sgd",
    optimizer: "gradient-descent",
    stop: { ...stop, rounds: 4_000 },
  },
  "local-steps": { ...ridge, strategy: { type: "local-steps", steps: 2, batch: 8 }, stop },
  "local-steps by secure sums": {
    ...ridge,
    strategy: { type: "local-steps", steps: 2, batch: 8, secureSum: 3 },
    stop,
  },
  "sums by a tree": {
    ...ridge,
    encoding: "uncoded",
    optimizer: "gradient-descent",
    reduction: { type: "tree", fanIn: 2 },
    stop,
  },
  anytime: { ...ridge, strategy: { type: "anytime", seconds: 0.05 }, stop },
  "encoded-blocks": { ...ridge, strategy: "encoded-blocks", stop },
  alternating: {
    problem: { type: "factorization", rank: 2, l2: 0.01 },
    data: { generate: { type: "ratings", rows: 300, users: 20, items: 15, rank: 2 } },
    workers: 4,
    strategy: { type: "alternating", epochs: 40, iterations: 3 },
  },
  "dp-sgd": {
    ...logistic,
    strategy: { type: "dp-sgd", rate: 0.25 },
    privacy,
    stop: { ...stop, rounds: 30 },
  },
  gossip: {
    ...logistic,
    strategy: { type: "gossip", graph: "ring", steps: { decaying: 0.1 }, region: { ball: 10 } },
    privacy,
    wait: "all",
    stop: { rounds: 100 },
  },
};

const withDollars = (spec: object, dollars: number) => ({
  ...spec,
  stop: { ...(spec as { stop?: object }).stop, dollars },
});

/** What a spec's first tasks may cost, by the refusal of a budget that is none. */
async function firstBoundUsd(home: string, backend: string, spec: object): Promise<number> {
  const refused = await runOn(backend, home, withDollars(spec, 1e-9)).catch((thrown) => thrown);
  expect(refused).toMatchObject({ code: "small-budget", kind: "input" });
  return Number(/up to \$([\d.]+)/.exec(refused.message)![1]);
}

test.each(Object.entries(kinds))(
  "%s: never over under heavy tails, and no task without a budget",
  async (_, kind) => {
    await using home = await temporaryHome();
    const spec = { ...kind, weather: heavy };
    const first = await firstBoundUsd(home.path, "simulated", spec);
    const opened = await openHome(home.path);
    try {
      expect(await opened.store.list("runs/")).toEqual([]);
    } finally {
      await opened.close();
    }
    for (const dollars of [first, 1.4 * first]) {
      const given = withDollars(spec, dollars);
      const { end, result, record } = await runOn("simulated", home.path, given);
      expect(end.stop).toMatchObject({ kind: "budget", nextUsd: expect.any(Number) });
      expect(result.dollars).toBeGreaterThan(0);
      expect(result.dollars).toBeLessThanOrEqual(dollars);
      await expectReplay(home.path, record.run, result.weightsDigest);
    }
  },
);

/** The checkpoint is there, the events say why, and they lead to the same bits. */
async function expectReplay(home: string, run: string, digest: string): Promise<void> {
  const opened = await openHome(home);
  try {
    const record = await readRecord(opened.store, run);
    expect(await readCheckpoint(opened.store, run)).not.toBeNull();
    const last = (await readHistory(opened.store, run)).findLast(({ type }) => type === "stopped");
    expect(last).toMatchObject({ kind: "budget", nextUsd: expect.any(Number) });
    expect((await replayRun(opened.store, record)).weightsDigest).toBe(digest);
  } finally {
    await opened.close();
  }
}

test("a simulation decides alike twice, and goes on with more to the same weights", async () => {
  await using home = await temporaryHome();
  const stop = { rounds: 60, tolerance: 0 };
  const spec = { ...ridge, wait: "all", stop, weather: heavy };
  const all = await runOn("simulated", home.path, spec);
  const dollars = 0.6 * all.result.dollars;
  const [one, two] = [0, 0].map(() => runOn("simulated", home.path, withDollars(spec, dollars)));
  const { end, result } = await one!;
  expect((await two!).end.stop).toEqual(end.stop);
  expect(result.rounds).toBeGreaterThan(0);
  const run = [result.run, "--json", "--set", "stop.dollars=9"];
  const { exitCode, out } = await kofn(home.path, "resume", ...run);
  expect(exitCode).toBe(0);
  const { weightsDigest, rounds } = JSON.parse(out.trim().split("\n").at(-1)!);
  expect([weightsDigest, rounds]).toEqual([all.result.weightsDigest, 60]);
});

test.each([
  ["simulated", { rounds: 60, tolerance: 0 }],
  ["emulated", { rounds: 8, tolerance: 0 }],
])(
  "%s: what hangs is given up at its limit, sent again with more time, and paid",
  async (on, stop) => {
    await using home = await temporaryHome();
    const weather = { model: "calm", hangs: on === "simulated" ? 0.1 : 0.06, coldStartMs: 142 };
    const spec = withDollars({ ...ridge, workers: 2, wait: "all", seed: 3, stop, weather }, 0.05);
    const lost: { readonly reason: string; readonly billedMs: number }[] = [];
    const { end, result } = await runOn(on, home.path, spec, {
      listen(event) {
        if (event.type !== "arrival" || event.reason === undefined) return;
        lost.push({ reason: event.reason, billedMs: event.usage.billedMs });
      },
    });
    expect([end.stop.kind, result.rounds]).toEqual(["done", stop.rounds]);
    expect(lost.length).toBeGreaterThan(0);
    // The function's own time-out would be two minutes.
    for (const { billedMs } of lost) expect(billedMs).toBeLessThan(4 * 5_000 + 11_000);
    if (on === "simulated") expect(lost[0]!.reason).toMatch(/timed out after 5\.00 seconds/);
  },
);

test("threads cost nothing, so that any budget suffices", async () => {
  await using home = await temporaryHome();
  const spec = withDollars({ ...ridge, stop: { rounds: 3, tolerance: 0 } }, 1e-9);
  const { end, result } = await runOn("threads", home.path, spec);
  expect([end.stop.kind, result.dollars]).toEqual(["done", 0]);
});

test("emulated, from here and by the orchestrator's function", async () => {
  await using home = await temporaryHome();
  const spec = { ...ridge, workers: 2, stop: { rounds: 5_000, tolerance: 0 } };
  const dollars = 1.005 * (await firstBoundUsd(home.path, "emulated", spec));
  const given = resolveSpec(withDollars(spec, dollars));
  const backend = await openComputeBackend("emulated", { home: home.path, spec: given });
  try {
    const { end, result } = await continueRun(await createRun(given, backend), backend, home.path);
    expect(end.stop.kind).toBe("budget");
    expect(result.dollars).toBeLessThanOrEqual(dollars);
    const { environment } = (backend as EmulatedBackend).emulator();
    const client = lambdaClient(accessTo(environment).lambda);
    const { run } = await createRun(given, backend);
    const { Payload } = await client.send(
      new InvokeCommand({ FunctionName: "orchestrator", Payload: JSON.stringify({ run }) }),
    );
    client.destroy();
    expect(JSON.parse(Buffer.from(Payload!).toString())).toMatchObject({
      stop: "budget",
      reason: expect.stringMatching(
        /^stop\.dollars: .* one more round is forecast at \$0\.\d+ and may cost up to \$0\.\d+$/,
      ),
    });
    const stored = await readJson<{ dollars: number }>(backend.store, resultKey(run));
    expect(stored!.dollars).toBeGreaterThan(0);
    expect(stored!.dollars).toBeLessThanOrEqual(dollars);
  } finally {
    await backend.close();
  }
});

test("the command line refuses with the figure, and stops with exit 4 and one", async () => {
  await using home = await temporaryHome();
  const path = join(home.path, "run.json");
  await writeFile(
    path,
    JSON.stringify({ ...ridge, workers: 16, stop: { ...stop, rounds: 2_000 } }),
  );
  const run = (dollars: number, ...more: string[]) => {
    const set = `stop.dollars=${dollars}`;
    return kofn(home.path, "run", path, "--backend", "simulated", "--set", set, ...more);
  };
  const refused = await run(0.000001);
  expect(refused.exitCode).toBe(2);
  expect(refused.err).toMatch(/stop\.dollars: \$0\.000001 does not pay for the first 16 tasks/);
  const figure = Number(/at least \$([\d.]+)/.exec(refused.err)![1]);
  const { exitCode, out } = await run(1.01 * figure, "--json");
  expect(exitCode).toBe(4);
  const last = JSON.parse(out.trim().split("\n").at(-1)!);
  expect(last).toMatchObject({ stop: "budget", nextUsd: expect.any(Number) });
  expect(last.dollars).toBeLessThanOrEqual(1.01 * figure);
});
