import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { weather } from "../../../src/cli/weather.ts";
import { fitWeather } from "../../../src/platform/training/fit-weather.ts";
import { withOpenRun } from "../../../src/platform/training/open-run.ts";
import { trainNew } from "../../../src/platform/training/train.ts";
import { resolveSpec } from "../../../src/run/resolve-spec.ts";
import { parseYaml } from "../../../src/spec/yaml-text.ts";
import { faultModelOf } from "../../../src/weather/fault-decision.ts";
import { weatherFrom } from "../../../src/weather/weather.ts";

let home = "";
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), "kofn-weather-"));
});
afterAll(() => rm(home, { recursive: true, force: true, maxRetries: 5 }));

const spec = {
  problem: { type: "ridge", l2: 0.05 },
  data: { generate: { type: "regression", rows: 200, features: 3 } },
  workers: 16,
  wait: "all",
  encoding: "uncoded",
  optimizer: "gradient-descent",
  stop: { rounds: 60, tolerance: 0 },
  seed: 9,
};

async function fitted(run: string, more: object) {
  const written = resolveSpec({ ...spec, ...more });
  await trainNew({ run, spec: written, backend: "simulated", home });
  return withOpenRun({ home }, run, ({ store }, record) => fitWeather(store, record));
}

/** Delays of many tasks, ascending. */
function delays(written: object, seed: number): number[] {
  const fates = faultModelOf(weatherFrom(written), seed);
  const all: number[] = [];
  for (let round = 0; round < 60; round++)
    for (let slot = 0; slot < 16; slot++)
      all.push(fates({ task: `round-${round}/gradient/slot-${slot}`, slot, round }, false).delayMs);
  return all.sort((a, b) => a - b);
}

const levels = [0.1, 0.25, 0.5, 0.75, 0.9, 0.99];
const at = (sorted: readonly number[], level: number) =>
  sorted[Math.floor(level * (sorted.length - 1))]!;

test.each([
  ["exponential", { model: "exponential", meanMs: 80, shiftMs: 5 }],
  ["slow slots", { model: "persistent", taskMs: 30 }],
  ["published lateness", { model: "lambda-trace-a", failures: 0.04, coldStartMs: 140 }],
])("the quantiles of a weather that is known, within 5 %%: %s", async (name, known) => {
  const { weather: found } = await fitted(name.replaceAll(" ", "-"), { weather: known });
  const [was, is] = [delays(known, spec.seed), delays(found, 1)];
  for (const level of levels) {
    const tolerance = Math.max(0.5, 0.05 * at(was, level));
    expect(Math.abs(at(is, level) - at(was, level)), `${level}`).toBeLessThanOrEqual(tolerance);
  }
  const rates = weatherFrom(found);
  const { failures = 0 } = known as { readonly failures?: number };
  expect(Math.abs(rates.failures - failures)).toBeLessThan(0.015);
});

test("what was fitted is a weather of specs, which it takes as written", async () => {
  const { weather: found } = await fitted("written", {
    weather: { model: "late", probability: 0.25, delayMs: 40, hangs: 0.01 },
  });
  const out = join(home, "weather.yaml");
  const lines: string[] = [];
  await weather("written", { out }, { home, out: (line: string) => lines.push(line) } as never);
  const read = parseYaml(await readFile(out, "utf8"), out) as { readonly weather: object };
  expect(resolveSpec({ ...spec, ...read }).weather).toEqual(read.weather);
  expect(weatherFrom(read.weather)).toMatchObject({ hangs: found.hangs, baseMs: found.baseMs });
  expect(lines[0]).toMatch(/weather\.yaml: from [\d,]+ replies in \d+ requests to 16 slots/);
});
