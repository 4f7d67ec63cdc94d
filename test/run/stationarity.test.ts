import { describe, expect, test } from "vitest";
import type { RoundEvent, RunEvent } from "../../src/ports/events.ts";
import type { Convergence } from "../../src/ports/model-figures.ts";
import { problems } from "../../src/problems/registry.ts";
import { convergenceOf } from "../../src/run/convergence.ts";
import { finishRun } from "../../src/run/finish.ts";
import { fixtures } from "../problems/networks.ts";
import { scene, segment, table } from "../simulation/simulated-run.ts";

const common = { workers: 4, wait: "all", encoding: "uncoded" };
const adam = { type: "adam", learningRate: 0.02 };
const network = { ...common, problem: { type: "network" }, optimizer: adam };
const free = { ...common, problem: { type: "logistic", l2: 0 } };

/** A network's options as a run has them, and what they name in the store. */
async function tied() {
  const assets = new Map<string, Uint8Array>();
  const given = { type: "network", model: `${fixtures}/tied.ts`, backend: "wasm" };
  const { publishAssets } = problems.create(given);
  const options = await publishAssets!(async (key, bytes) => assets.set(key, bytes), 1);
  return { problem: { type: "network", ...options }, assets };
}

async function convergenceAfter(spec: object, rounds: number, text: string): Promise<Convergence> {
  const isNetwork = (spec as typeof network).problem.type === "network";
  const { problem, assets } = isNetwork ? await tied() : { problem: {}, assets: new Map() };
  const stop = { rounds, tolerance: 0 };
  const start = await scene({ ...spec, ...(isNetwork ? { problem } : {}), stop }, text);
  for (const [key, bytes] of assets) await start.store.write(key, bytes);
  const end = await segment(start);
  const result = await finishRun(start.record, start.staged.prepared, end, start.store);
  return result.convergence!;
}

describe("without a duality gap the model's own slope says how far training came", () => {
  test.each([
    ["a network", network, [1, 10, 60], 0.3],
    ["logistic without a penalty", free, [1, 3, 30], 1e-3],
  ])("%s", async (_name, spec, rounds, atEnd) => {
    const text = table(120, 12, 3, true);
    const found: number[] = [];
    for (const count of rounds) {
      const told = await convergenceAfter(spec, count, text);
      expect(told.gap).toBeUndefined();
      found.push(told.stationarity!);
      if (told.converged) expect(told.stationarity).toBeLessThanOrEqual(1e-4);
      else expect(told.reason).toMatch(/weights that change by 1 % still change the objective by/);
    }
    expect(found[0]).toBeGreaterThan(found[1]!);
    expect(found[1]).toBeGreaterThan(found[2]!);
    expect(found[2]).toBeLessThan(atEnd);
  });

  test("it hangs on neither units nor where training began", async () => {
    const text = table(120, 4, 3, true);
    const data = { source: "table.csv", target: "y", standardize: false };
    const other = text.replaceAll(/^(-?[\d.e-]+),/gm, (_, x: string) => `${Number(x) * 1e4},`);
    const [plain, scaled] = await Promise.all(
      [text, other].map((one) => convergenceAfter({ ...free, data }, 2, one)),
    );
    expect(scaled!.stationarity! / plain!.stationarity!).toBeCloseTo(1, 2);
  });
});

test("a run that its tolerance ended far from a stationary point says so", () => {
  const round = (index: number, slopeLeft: number): RunEvent =>
    ({ type: "round", round: index, slopeLeft }) as RoundEvent;
  const spec = { optimizer: { type: "adam" }, stop: { rounds: 100, tolerance: 0.1, patience: 60 } };
  const events = [round(0, 1), round(1, 0.05)];
  const of = (stationarity: number) => convergenceOf(spec, 2, events, { stationarity });
  expect(of(3)).toMatchObject({ converged: false, stationarity: 3 });
  expect(of(3)!.reason).toBe(
    "weights that change by 1 % still change the objective by 3 % of its first, although little " +
      "of the gradient is left",
  );
  expect(of(0.05)).toMatchObject({ converged: true, stationarity: 0.05 });
  expect(
    convergenceOf(spec, 100, [round(0, 1), round(1, 1)], { stationarity: 1e-5 }),
  ).toMatchObject({ converged: true });
});
