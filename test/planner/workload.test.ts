import { describe, expect, it } from "vitest";
import { encodings } from "../../src/encoding/registry.ts";
import { latenessModelOf } from "../../src/planner/lateness.ts";
import { pilotRuns } from "../../src/planner/pilot-run.ts";
import { entriesPerRowOf, sampleOf, shapeOf } from "../../src/planner/sample.ts";
import { timeModelOf } from "../../src/planner/time-model.ts";
import { forecastEntriesPerSlot, forecastStoredRows } from "../../src/planner/workload.ts";
import { machineOf } from "../../src/platform/platform-model.ts";
import { entriesPerSlot as entriesStored } from "../../src/run/orchestrate.ts";
import { memoryStore } from "../../src/storage/memory.ts";
import { scene, table } from "../simulation/simulated-run.ts";

const text = table(700, 5, 3);
const common = { problem: "ridge", workers: 6, stop: { rounds: 6, tolerance: 0 }, seed: 2 };

describe("what a plan supposes of stored rows", () => {
  it.each([
    { type: "uncoded" },
    { type: "replication", redundancy: 3 },
    { type: "gradient-code", stragglers: 1 },
    { type: "hadamard", redundancy: 1.5 },
    { type: "hadamard", redundancy: 3 },
    { type: "paley" },
  ])("is what $type stores", async (encoding) => {
    const { staged, record } = await scene({ ...common, encoding }, text);
    const { encoded, prepared } = staged;
    const stored = encoded.slots.reduce((sum, slot) => sum + slot.rows, 0);
    expect(forecastStoredRows(encodings.create(encoding), prepared.rows, 6)).toBe(stored);
    const shape = shapeOf(record.spec, prepared, entriesPerRowOf(prepared));
    // Each stored part has a header besides its rows.
    expect(forecastEntriesPerSlot(record.spec, shape) / entriesStored(encoded)).toBeCloseTo(1, 1);
  });
});

describe("a sample of the rows", () => {
  it("is all of few rows, and about as many as asked for of many", async () => {
    const { staged, store } = await scene(common, text);
    const { prepared } = staged;
    const all = await sampleOf(prepared, store, memoryStore(), 1e6);
    expect(all.prepared.rows).toBe(prepared.rows);
    const some = await sampleOf(prepared, store, memoryStore(), 400 * all.entriesPerRow);
    expect(Math.abs(some.prepared.rows - 400)).toBeLessThan(60);
    expect(some.prepared.digest).not.toBe(prepared.digest);
  });
});

describe("a rehearsal", () => {
  it("passes on the clock's time and bill, bytes included", async () => {
    const weather = { model: "lambda", coldStartMs: 142, failures: "3%" };
    const spec = { ...common, wait: { fastest: 4 }, weather };
    const { staged, store, record } = await scene(spec, text);
    const machine = machineOf(record.spec, "simulated");
    const sample = await sampleOf(staged.prepared, store, machine.scratch(), 1e6);
    const data = shapeOf(record.spec, staged.prepared, sample.entriesPerRow);
    const workMs = machine.workMs(forecastEntriesPerSlot(record.spec, data));
    const rehearse = await pilotRuns({ spec: record.spec, sample, machine, workMs });
    const rehearsals = [];
    for (let draw = 0; draw < 16; draw++) rehearsals.push(await rehearse({ draw, roundsMax: 100 }));
    const fates = latenessModelOf(machine.lateness);
    const figures = timeModelOf(record.spec, data, { ...machine, fates }, 6).at(6);
    const ends = rehearsals.map(({ spent }) => spent.at(-1)!);
    const mean = (of: readonly number[]) => of.reduce((sum, one) => sum + one, 0) / of.length;
    expect(figures.dollars).toBeCloseTo(mean(ends.map(({ usd }) => usd)), 9);
    expect(figures.bytesUp).toBe(Math.round(mean(ends.map(({ bytesUp }) => bytesUp))));
    expect(figures.bytesDown).toBe(Math.round(mean(ends.map(({ bytesDown }) => bytesDown))));
    const [eighth, ninth] = ends
      .map(({ ms }) => ms)
      .sort((a, b) => a - b)
      .slice(7, 9);
    expect(figures.seconds * 1000).toBeCloseTo((eighth! + ninth!) / 2, 6);
    expect(figures.secondsMean * 1000).toBeCloseTo(mean(ends.map(({ ms }) => ms)), 6);
    expect(rehearsals[0]!.objectiveAt(6)).toBeLessThan(rehearsals[0]!.objectiveAt(0));
  });

  it("ends where it is told to, as the whole one went until there", async () => {
    const spec = { ...common, wait: { fastest: 4 }, weather: { model: "lambda" } };
    const { staged, store, record } = await scene(spec, text);
    const machine = machineOf(record.spec, "simulated");
    const sample = await sampleOf(staged.prepared, store, machine.scratch(), 1e6);
    const rehearse = await pilotRuns({ spec: record.spec, sample, machine, workMs: 20 });
    const whole = await rehearse({ draw: 2, roundsMax: 100 });
    const part = await rehearse({ draw: 2, roundsMax: 100, until: whole.objectiveAt(3) });
    const rounds = part.endsMs.length;
    expect(rounds).toBeGreaterThan(0);
    expect(rounds).toBeLessThanOrEqual(3);
    expect(part.endsMs).toEqual(whole.endsMs.slice(0, rounds));
    expect(part.objectiveAt(rounds)).toBe(whole.objectiveAt(rounds));
    expect(part.objectiveAt(rounds)).toBeLessThanOrEqual(whole.objectiveAt(3));
    expect(part.objectiveAt(rounds - 1)).toBeGreaterThan(whole.objectiveAt(3));
  });
});
