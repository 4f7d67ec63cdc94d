import { describe, expect, it } from "vitest";
import { parseOptions } from "../../src/core/registry.ts";
import { dataSchema } from "../../src/data/options.ts";
import { type PrepareRequest, prepareDataSet } from "../../src/data/prepare/prepare.ts";
import { prepareData } from "../../src/run/ingest.ts";
import { resolveSpec } from "../../src/run/resolve-spec.ts";
import { memoryStore } from "../../src/storage/memory.ts";
import { opener } from "./fixtures.ts";

const far = "a,y\n1000000.5,5000000.25\n1000001.5,5000000.5\n1000000,5000000\n1000002,5000001\n";
const near = "a,y\n1,2\n2,1\n-1,0.5\n4,-3\n";

function request(task: PrepareRequest["task"], offsets?: PrepareRequest["offsets"]) {
  const given = { source: "t.csv", target: "y", standardize: false };
  const data = parseOptions(dataSchema, given, "data");
  return { data, task, seed: 1, ...(offsets === undefined ? {} : { offsets }) };
}

describe("offsets of numbers", () => {
  it("are taken out in double, and the name is another than that of rows as they are", async () => {
    const ports = { open: opener({ "t.csv": far }), store: memoryStore() };
    const kept = await prepareDataSet(request("regression"), ports);
    const centred = await prepareDataSet(request("regression", "centred"), ports);
    expect(centred.digest).not.toBe(kept.digest);
    expect(centred.train).not.toEqual(kept.train);
    expect(kept.preparation.target).toEqual({ name: "y", classes: null });
    expect(centred.preparation.target.offset).toBe(5_000_000.4375);
    expect(centred.preparation.columns).toMatchObject([{ mean: 1_000_001, deviation: 1 }]);
    expect(centred.targetMean).toBe(0);
    // Each finds its own again.
    expect(await prepareDataSet(request("regression"), ports)).toEqual(kept);
    expect(await prepareDataSet(request("regression", "centred"), ports)).toEqual(centred);
  });

  it("that are small change neither bytes nor name, whoever prepared first", async () => {
    const given = { source: "t.csv", target: "y" };
    const data = parseOptions(dataSchema, given, "data");
    const ports = { open: opener({ "t.csv": near }), store: memoryStore() };
    const asked = { data, task: "regression" as const, seed: 1 };
    const kept = await prepareDataSet(asked, ports);
    const centred = await prepareDataSet({ ...asked, offsets: "centred" }, ports);
    expect(centred).toEqual({ ...kept, offsets: "centred" });
  });

  it("stay in a private run, which learns nothing of all rows beforehand", async () => {
    const spec = resolveSpec({
      problem: "ridge",
      data: { source: "t.csv", target: "y", standardize: false },
      workers: 2,
      strategy: { type: "dp-sgd", rate: 0.5 },
      encoding: "uncoded",
      optimizer: "sgd",
      privacy: { epsilon: 2, delta: 1e-5, unit: "record", adjacency: "replace-one", clip: 1 },
    });
    const ports = { open: opener({ "t.csv": far }), store: memoryStore() };
    const prepared = await prepareData(spec, ports);
    const asItIs = await prepareDataSet(request("regression"), ports);
    expect(prepared).toEqual(asItIs);
    expect(prepared).not.toHaveProperty("scales");
    expect(prepared).not.toHaveProperty("lost");
  });
});
