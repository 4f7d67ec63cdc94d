import { readFileSync } from "node:fs";
import { totalmem } from "node:os";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import type { Backend } from "../../src/platform/backend.ts";
import type { EmulatedBackend } from "../../src/platform/local/emulated.ts";
import { stageRates } from "../../src/platform/platform-model.ts";
import { planStagesInHome } from "../../src/platform/training/forecast-run.ts";
import { resolveSpec } from "../../src/run/resolve-spec.ts";
import { campaign } from "../campaign.ts";
import { runOn, temporaryHome } from "./workplace.ts";

const memoryMb = 400;
const model = fileURLToPath(new URL("../fixtures/networks/large.ts", import.meta.url));
/** 67 MB of weights, and as much again several times over while they are trained. */
const spec = (stages: number, weather: object = { memoryMb }) => ({
  problem: { type: "network", model, backend: "wasm" },
  data: { generate: { type: "classification", rows: 32, features: 12 }, test: 0 },
  strategy: { type: "pipeline", stages, batch: 16, microbatches: 2 },
  optimizer: { type: "adam", learningRate: 0.001 },
  stop: { rounds: 2, tolerance: 0 },
  weather: { model: "calm", ...weather },
});

it.skipIf(!campaign(false, true))(
  "a model that no single function holds trains over four, each within its memory",
  async () => {
    await using home = await temporaryHome();
    await expect(runOn("emulated", home.path, spec(1))).rejects.toMatchObject({
      code: "memory-infeasible",
      message: expect.stringMatching(/^stages: 1: no partition keeps every stage within/),
      hint: expect.stringMatching(/^\d stages fit/),
    });
    const four = await peaksOf(home.path, spec(4));
    expect(four.stop).toBe("done");
    expect(four.lost).toBe(0);
    expect(four.largestMb).toBeLessThan(memoryMb);
    // With more memory one function does it, to the same bits, and takes more than that ceiling.
    const one = await peaksOf(home.path, spec(1, { memoryMb: 4_000 }));
    expect(one.largestMb).toBeGreaterThan(memoryMb);
    expect(four.digest).toBe(one.digest);
    console.log(
      `${four.largestMb.toFixed(0)} MB a function of four, ${one.largestMb.toFixed(0)} of one`,
    );
  },
);

const table = fileURLToPath(new URL("../fixtures/networks/large-table.ts", import.meta.url));
/** The same of one layer, which no cut makes smaller. */
const tableSpec = (tensor: number, memoryMb: number) => ({
  problem: { type: "network", model: table, loss: "meanSquaredError", backend: "wasm" },
  data: {
    generate: { type: "ratings", rows: 64, users: 40, items: 30, rank: 2 },
    ...{ standardize: false, test: 0 },
  },
  strategy: {
    ...{ type: "pipeline", stages: 1, batch: 16, microbatches: 2, tensor },
    ...(tensor === 1 ? {} : { split: { table: "vocabulary" } }),
  },
  optimizer: { type: "adam", learningRate: 0.01 },
  stop: { rounds: 2, tolerance: 0 },
  weather: { model: "calm", memoryMb },
});

it.skipIf(!campaign(false, true))(
  "a table that no single function holds trains by vocabulary over four",
  async () => {
    const memoryMb = 750;
    await using home = await temporaryHome();
    await expect(runOn("emulated", home.path, tableSpec(1, memoryMb))).rejects.toMatchObject({
      code: "memory-infeasible",
      message: expect.stringMatching(/"table" alone takes/),
      hint: expect.stringMatching(/strategy\.tensor/),
    });
    const four = await peaksOf(home.path, tableSpec(4, memoryMb));
    expect(four.stop).toBe("done");
    expect(four.lost).toBe(0);
    expect(four.largestMb).toBeLessThan(memoryMb);
    const one = await peaksOf(home.path, tableSpec(1, 4_000));
    expect(one.largestMb).toBeGreaterThan(memoryMb);
    // Rows are other workers', and each number of them the same.
    expect(four.objective / one.objective).toBeCloseTo(1, 5);
    console.log(
      `${four.largestMb.toFixed(0)} MB a function of four, ${one.largestMb.toFixed(0)} of one`,
    );
  },
);

const network = (name: string) =>
  fileURLToPath(new URL(`../fixtures/networks/${name}.ts`, import.meta.url));

/** A network of these layers on so many stages, in functions that are large enough. */
const roomy = (name: string, stages: number, placement = "...") => {
  const { problem, strategy, ...rest } = spec(stages, { memoryMb: 10_000 });
  return {
    ...{ ...rest, problem: { ...problem, model: network(name) } },
    strategy: { ...strategy, placement },
  };
};
const ofTable = () => {
  const { problem, ...rest } = tableSpec(1, 10_000);
  return { ...rest, problem: { ...problem, model: network("larger-table") } };
};

/** Each with the number of stages that it is over. */
const shapes: readonly (readonly [string, readonly (readonly [number, object])[]])[] = [
  [
    "ninety-six wide layers",
    [1, 2, 3, 4].map((p) => [p, roomy("larger", p, p === 1 ? "..." : `(${96 / p}|)*${p - 1} ...`)]),
  ],
  ["a hundred and twenty-eight narrow layers", [[1, roomy("narrow", 1)]]],
  ["activations as large as weights", [[1, roomy("long", 1)]]],
  ["one tensor, which Adam moves at once", [[1, ofTable()]]],
];

it.skipIf(!campaign(false, totalmem() > 12e9)).each(shapes)(
  "what a stage of 100 MB and more takes is within a tenth of the forecast: %s",
  async (_, given) => {
    await using home = await temporaryHome();
    const idle = await peaksOf(home.path, roomy("tied", 1));
    const measured: number[] = [];
    const ratios: number[] = [];
    for (const [stages, own] of given) {
      const { chosen } = await planStagesInHome(home.path, {
        spec: resolveSpec(own),
        backend: "emulated",
      });
      const { rows, largest } = chosen.table;
      const { largestMb, lost, stop } = await peaksOf(home.path, own);
      expect([stop, lost]).toEqual(["done", 0]);
      // Above a worker that has no model to speak of.
      const ofIdle = stageRates.residentBytes / 2 ** 20 - idle.largestMb;
      const forecastMb = rows[largest]!.peakBytes / 2 ** 20 + ofIdle;
      const measuredMb = largestMb - idle.largestMb;
      measured.push(measuredMb);
      ratios.push(measuredMb / forecastMb);
      console.log(
        `${stages} stages, ${(rows[largest]!.weightBytes / 1e6).toFixed(0)} MB of weights: ` +
          `${measuredMb.toFixed(0)} MB above ${idle.largestMb.toFixed(0)} of an idle worker, ` +
          `forecast ${forecastMb.toFixed(0)}, ${(measuredMb / forecastMb).toFixed(3)} of it`,
      );
    }
    for (const ratio of ratios) {
      expect(ratio).toBeGreaterThan(0.9);
      expect(ratio).toBeLessThan(1.1);
    }
    expect(measured).toEqual(measured.toSorted((a, b) => b - a));
  },
);

/** The largest resident memory that any environment ever had, and how the run ended. */
async function peaksOf(home: string, given: object) {
  let largestMb = 0;
  let lost = 0;
  const looks: Promise<void>[] = [];
  const look = async (backend: Backend) => {
    for (const { pid, tenant } of await (backend as EmulatedBackend).emulator().environments())
      if (tenant !== null) largestMb = Math.max(largestMb, peakMb(pid));
  };
  const { result, end } = await runOn("emulated", home, given, {
    listen(event, backend) {
      if (event.type !== "arrival") return;
      if (event.fate === "lost") lost++;
      looks.push(look(backend));
    },
  });
  await Promise.all(looks);
  const { weightsDigest: digest, objective } = result;
  return { largestMb, lost, digest, objective, stop: end.stop.kind };
}

function peakMb(pid: number): number {
  try {
    const status = readFileSync(`/proc/${pid}/status`, "latin1");
    return Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024;
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === "ENOENT") return 0;
    throw thrown;
  }
}
