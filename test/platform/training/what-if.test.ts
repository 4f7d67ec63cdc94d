import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { withOpenRun } from "../../../src/platform/training/open-run.ts";
import { trainNew } from "../../../src/platform/training/train.ts";
import { type WhatIfPorts, whatIf } from "../../../src/platform/training/what-if.ts";
import type { WhatIf } from "../../../src/report/data.ts";
import { resolveSpec } from "../../../src/run/resolve-spec.ts";

let home = "";
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), "kofn-what-if-"));
});
afterAll(() => rm(home, { recursive: true, force: true, maxRetries: 5 }));

const spec = {
  problem: { type: "ridge", l2: 0.05 },
  data: { generate: { type: "regression", rows: 400, features: 5 } },
  workers: 8,
  wait: { fastest: 6 },
  encoding: { type: "hadamard" },
  optimizer: "gradient-descent",
  stop: { rounds: 10, tolerance: 0 },
  weather: { model: "exponential", meanMs: 60 },
  seed: 5,
};

async function simulate(run: string, more: object = {}) {
  const written = resolveSpec({ ...spec, ...more });
  const { result } = await trainNew({ run, spec: written, backend: "simulated", home });
  const { seconds, dollars, rounds, objective } = result;
  return { seconds, dollars, rounds, objective };
}

function ask(run: string, how: Omit<WhatIfPorts, "store"> = {}): Promise<WhatIf> {
  return withOpenRun({ home }, run, ({ store }, record) => whatIf(record, { store, ...how }));
}

function row({ rows }: WhatIf, name: string) {
  return rows.find((one) => one.name === name)!;
}

/** Settings under the names that rows have. */
const settings: readonly (readonly [string, object])[] = [
  ["wait: fastest 5", { wait: { fastest: 5 } }],
  ["wait: fastest 7", { wait: { fastest: 7 } }],
  ["wait: all", { wait: "all" }],
  ["not encoded", { encoding: "uncoded" }],
  ["nobody late, nothing lost", { weather: { model: "calm" } }],
];

describe("a run in weather that is known", () => {
  const stormy = { ...spec.weather, failures: 0.08, hangs: 0.02, coldStartMs: 120 };

  it("comes to what a simulation with the other setting comes to", async () => {
    const own = await simulate("known", { weather: stormy });
    const found = await ask("known");
    expect(found.recorded).toEqual({ seconds: own.seconds, dollars: own.dollars });
    expect(found.again).toMatchObject(own);
    for (const [i, [name, setting]] of settings.slice(0, 4).entries()) {
      const other = await simulate(`known-${i}`, { weather: stormy, ...setting });
      expect(row(found, name), name).toMatchObject(other);
      expect(row(found, name).drawn).toBe(0);
    }
  });
});

describe("a run that is read by its record alone", () => {
  it("comes to the same where every reply was seen", async () => {
    // Whoever is late is so by less than a round takes.
    const weather = { model: "late", probability: 0.3, delayMs: 6, baseMs: 8 };
    await simulate("seen", { weather });
    const found = await ask("seen", { byRecord: true });
    for (const [i, [name, setting]] of settings.entries()) {
      const other = await simulate(`seen-${i}`, { weather, ...setting });
      const { seconds, dollars, rounds, unseen = [], atMost } = row(found, name);
      expect(rounds, name).toBe(other.rounds);
      if (unseen.length === 0) {
        expect(seconds, name).toBeCloseTo(other.seconds, 9);
        expect(dollars, name).toBeCloseTo(other.dollars, 9);
      } else {
        expect(seconds, name).toBeLessThanOrEqual(other.seconds + 1e-9);
        expect(atMost!.seconds, name).toBeGreaterThanOrEqual(other.seconds - 1e-9);
      }
    }
  });

  it("names the replies that the end cut off, and what lies between", async () => {
    const weather = { model: "exponential", meanMs: 60, coldStartMs: 0 };
    await simulate("cut", { weather });
    const actual = await simulate("cut-all", { weather, wait: "all" });
    const found = await ask("cut", { byRecord: true });
    const { seconds, atMost, unseen } = row(found, "wait: all");
    expect(unseen!.length).toBeGreaterThan(0);
    expect(unseen![0]).toMatch(/^round-\d\/gradient\/slot-\d$/);
    expect(actual.seconds).toBeGreaterThanOrEqual(seconds);
    expect(atMost!.seconds).toBeGreaterThanOrEqual(actual.seconds - 1e-6);
    const slow = found.rows.find(({ name }) => /the slowest, never late/.test(name))!;
    expect(found.again.seconds).toBeGreaterThanOrEqual(slow.seconds);
  });
});

it("keeps nothing of it, and leaves the rows of private runs alone", async () => {
  await simulate("kept", { stop: { rounds: 3, tolerance: 0 } });
  const keys = () => withOpenRun({ home }, "kept", ({ store }) => store.list(""));
  const before = await keys();
  await ask("kept");
  expect(await keys()).toEqual(before);
  await simulate("private", {
    problem: { type: "logistic" },
    data: {
      generate: { type: "classification", rows: 400, features: 5 },
      classes: [0, 1],
      standardize: false,
    },
    strategy: "dp-sgd",
    wait: "all",
    encoding: "uncoded",
    optimizer: "sgd",
    privacy: { unit: "record", adjacency: "replace-one", epsilon: 2, delta: 1e-5, clip: 1 },
    stop: { rounds: 2 },
    weather: { model: "calm" },
  });
  await expect(ask("private")).rejects.toMatchObject({ code: "no-what-if" });
});
