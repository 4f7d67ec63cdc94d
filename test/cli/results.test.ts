import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { ResultEvent } from "../../src/ports/events.ts";
import { fromSafetensors } from "../../src/wire/safetensors.ts";
import { contents, jsonLines, kofn, newFolder } from "./fixtures.ts";

/** Prices follow exactly from area and kind; class by area. */
const rows = Array.from({ length: 120 }, (_, i) => {
  const area = 20 + ((i * 37) % 100);
  const kind = ["flat", "house", "barn"][i % 3]!;
  const price = 3 * area + { flat: 10, house: 50, barn: -20 }[kind]! + 7;
  return { area, kind, price, big: area > 70 ? "yes" : "no" };
});

let folder: Awaited<ReturnType<typeof newFolder>>;
let home = "";
const at = (name: string) => join(folder.path, name);

beforeAll(async () => {
  folder = await newFolder();
  home = at("home");
  const text = rows.map(({ area, kind, price, big }) => `${area},${kind},${price},${big}`);
  await writeFile(at("rows.csv"), `area,kind,price,big\n${text.join("\n")}\n`);
  const common = "workers: 4\nwait: all\nstop: { rounds: 60, tolerance: 0 }\n";
  const ridge =
    "problem: { type: ridge, l2: 0 }\ndata: { source: rows.csv, target: price, drop: [big] }\n";
  const logistic = "problem: logistic\ndata: { source: rows.csv, target: big, drop: [price] }\n";
  await writeFile(at("ridge.yaml"), ridge + common);
  await writeFile(at("logistic.yaml"), logistic + common);
  for (const name of ["ridge", "logistic"]) {
    const ended = await kofn(home, "simulate", at(`${name}.yaml`), "--name", name);
    expect(ended.exitCode, ended.err).toBe(0);
  }
});
afterAll(() => folder.remove());

describe("a run that ends before it has converged", () => {
  const steps = "optimizer=gradient-descent";
  const far = ["--set", "stop={rounds: 3, tolerance: 1e-6}", "--set", steps];

  it("says so with what to change: at its end, in show and in the result", async () => {
    const args = ["simulate", at("ridge.yaml"), ...far];
    const { out, err } = await kofn(at("ends"), ...args, "--name", "far");
    expect(err).toMatch(
      /^not converged: stop\.rounds: 3 rounds were not enough: weights that change by 1 % still/m,
    );
    expect(err).toMatch(/^hint: raise stop\.rounds, or choose another optimizer than gradient-/m);
    expect(out).toMatch(/^converged +no: what is left of the gradient is 0?\.\d+ \(stop\.tol/m);
    expect((await kofn(at("ends"), "show", "far")).out).toMatch(/^converged +no: what is/m);
    const again = await kofn(at("ends"), ...args, "--json");
    const { convergence } = jsonLines(again.out).at(-1)! as unknown as ResultEvent;
    expect(convergence).toMatchObject({ converged: false, tolerance: 1e-6 });
    expect(convergence!.gradient).toBeGreaterThan(1e-3);
  });

  it("says nothing where it has", async () => {
    const near = ["--set", "stop={rounds: 100, tolerance: 1e-5}"];
    const args = ["simulate", at("ridge.yaml"), ...near, "--name", "near"];
    const { out, err } = await kofn(at("ends"), ...args);
    expect(out + err).not.toMatch(/converged/);
    const { out: shown } = await kofn(at("ends"), "show", "near", "--json");
    expect(jsonLines(shown)[0]).toMatchObject({ convergence: { converged: true } });
  });
});

describe("kofn list and show", () => {
  it("show what is there, the latest last", async () => {
    const { out } = await kofn(home, "list");
    const lines = out.trimEnd().split("\n").slice(1);
    expect(lines.map((line) => line.split(/ {2,}/)[0])).toEqual(["ridge", "logistic"]);
    expect(lines[0]).toMatch(/done +60/);
    const json = jsonLines((await kofn(home, "list", "--json")).out);
    expect(json.at(-1)).toEqual({ type: "result", runs: 2 });
  });

  it("find a run by a unique beginning and by latest", async () => {
    expect((await kofn(home, "show", "rid")).out).toMatch(/^run +ridge\nstatus +done/);
    expect((await kofn(home, "show", "latest")).out).toMatch(/^run +logistic/);
    const { out } = await kofn(home, "show", "logi", "--json");
    expect(jsonLines(out)).toMatchObject([{ type: "result", run: "logistic", status: "done" }]);
  });

  it("do not make a home where there is none", async () => {
    const absent = at("absent");
    expect((await kofn(absent, "list")).exitCode).toBe(0);
    expect(await contents(folder.path)).not.toContain("absent");
  });
});

describe("kofn show --model", () => {
  it("tells the law that the rows follow, in their units", async () => {
    const { out } = await kofn(home, "show", "ridge", "--model");
    expect(out).toMatch(/^feature +coefficient +per deviation$/m);
    expect(out).toMatch(/^area +(3|2\.99\d*|3\.00\d*) /m);
    expect(out).toMatch(/^encoded +kind: 3 words$/m);
    expect(out).toMatch(/^left out +big$/m);
    const csv = (await kofn(home, "show", "ridge", "--model", "--csv")).out.split("\n");
    expect(Number(csv[1]!.split(",")[1])).toBeCloseTo(3, 2);
    const json = jsonLines((await kofn(home, "show", "ridge", "--model", "--json")).out);
    expect(json).toMatchObject([{ type: "model", run: "ridge", dropped: ["big"] }]);
  });
});

describe("kofn predict", () => {
  it("takes raw rows to the numbers they had", async () => {
    const { out, err, exitCode } = await kofn(home, "predict", "ridge", at("rows.csv"));
    expect(exitCode).toBe(0);
    const [head, ...lines] = out.trimEnd().split("\n");
    expect(head).toBe("row,prediction");
    for (const [i, line] of lines.entries()) {
      const [row, predicted] = line.split(",").map(Number);
      expect(row).toBe(i);
      expect(predicted).toBeCloseTo(rows[i]!.price, 1);
    }
    expect(lines).toHaveLength(rows.length);
    expect(err).toMatch(/against 120 known targets: rmse/);
  });

  it("names classes, with or without the target, to a file", async () => {
    await writeFile(at("new.csv"), "kind,area\nflat,21\nbarn,118\n");
    const args = ["predict", "logistic", at("new.csv"), "--output", at("out.csv")];
    const { out, err } = await kofn(home, ...args);
    expect([out, err]).toEqual(["", expect.not.stringMatching(/against/)]);
    const lines = (await readFile(at("out.csv"), "utf8")).trimEnd().split("\n");
    expect(lines.map((line) => line.split(",").slice(0, 2))).toEqual([
      ["row", "class"],
      ["0", "no"],
      ["1", "yes"],
    ]);
    expect(Number(lines[1]!.split(",")[2])).toBeLessThan(0.5);
    expect(Number(lines[2]!.split(",")[2])).toBeGreaterThan(0.5);
  });

  it("keeps columns, names the class, and takes a threshold, also as JSON lines", async () => {
    await writeFile(at("ids.csv"), 'id,kind,area\n007,flat,30\n"a,b",barn,118\n');
    const ask = async (...args: string[]) =>
      (await kofn(home, "predict", "logistic", at("ids.csv"), ...args)).out.trimEnd().split("\n");
    const [head, ...lines] = await ask("--keep", "id,kind");
    expect(head).toBe("row,id,kind,class,probability yes");
    expect(lines.map((line) => line.replace(/,[^,]*$/, ""))).toEqual([
      "0,007,flat,no",
      '1,"a,b",barn,yes',
    ]);
    const told = await ask("--keep", "id", "--format", "jsonl", "--threshold", "0.99999999");
    expect(told.map((line) => JSON.parse(line))).toEqual([
      { row: 0, id: "007", class: "no", "probability yes": expect.any(Number) },
      { row: 1, id: "a,b", class: "no", "probability yes": expect.any(Number) },
    ]);
    const refused = await kofn(home, "predict", "logistic", at("ids.csv"), "--keep", "name");
    expect([refused.exitCode, refused.err]).toEqual([2, expect.stringMatching(/no "name"/)]);
    const high = await kofn(home, "predict", "ridge", at("rows.csv"), "--threshold", "0.5");
    expect([high.exitCode, high.err]).toEqual([2, expect.stringMatching(/not of two classes/)]);
  });

  it("counts only the rows whose target is known", async () => {
    await writeFile(at("some.csv"), "kind,area,big\nflat,21,no\nbarn,118,?\n");
    const { err } = await kofn(home, "predict", "logistic", at("some.csv"));
    expect(err).toMatch(/against 1 known targets: accuracy 1/);
  });
});

describe("kofn export", () => {
  const exported = async (run: string, format: string, name: string) => {
    const { exitCode } = await kofn(home, "export", run, "--format", format, "--output", at(name));
    expect(exitCode).toBe(0);
    return at(name);
  };
  const weightsOf = async (run: string) => {
    const bytes = await readFile(await exported(run, "safetensors", `${run}.safetensors`));
    const { tensors } = fromSafetensors(bytes);
    const { data } = tensors["linear.weight"]!;
    return Float32Array.of(...data, ...tensors["linear.bias"]!.data);
  };

  it("writes the weights as a NumPy array", async () => {
    const bytes = await readFile(await exported("ridge", "npy", "w.npy"));
    const header = bytes.readUInt16LE(8);
    expect(10 + header).toBe(64 * Math.ceil((10 + header) / 64));
    const model = JSON.parse(await readFile(await exported("ridge", "json", "n.json"), "utf8"));
    const expected = [...model.coefficients, model.intercept].map(({ original }) => original);
    const values = new Float64Array(Uint8Array.from(bytes.subarray(10 + header)).buffer);
    expect([...values]).toEqual(expected);
    expect(bytes.toString("latin1", 10, 10 + header)).toContain(`'shape': (${values.length},)`);
  });

  it("writes coefficients in the data's own units", async () => {
    const model = JSON.parse(await readFile(await exported("ridge", "json", "m.json"), "utf8"));
    const at = new Map(
      model.coefficients.map((one: { feature: string; original: number }) => [
        one.feature,
        one.original,
      ]),
    ) as Map<string, number>;
    expect(at.get("area")).toBeCloseTo(3, 2);
    const flat = [...at].find(([feature]) => feature.includes("flat"))![1];
    expect(model.intercept.original + flat).toBeCloseTo(17, 0);
  });

  it("writes one dense layer for TensorFlow.js, kernel before bias", async () => {
    const folder = await exported("logistic", "tfjs", "tfjs");
    const model = JSON.parse(await readFile(join(folder, "model.json"), "utf8"));
    const bytes = await readFile(join(folder, "weights.bin"));
    const weights = await weightsOf("logistic");
    const features = weights.length - 1;
    const values = new Float32Array(new Uint8Array(bytes).buffer);
    expect(values.subarray(2 * features)).toEqual(weights);
    const [{ paths, weights: listed }] = model.weightsManifest;
    expect(paths).toEqual(["weights.bin"]);
    expect(listed.map(({ shape }: { shape: number[] }) => shape)).toEqual([
      [features],
      [features],
      [features, 1],
      [1],
    ]);
    const [, standardising, dense] = model.modelTopology.model_config.config.layers;
    expect(standardising).toMatchObject({ class_name: "BatchNormalization" });
    expect(dense.config).toMatchObject({ units: 1, activation: "sigmoid", use_bias: true });
  });
});

describe("kofn replay and report", () => {
  it("recomputes the same weights, and says when they differ", async () => {
    const same = await kofn(home, "replay", "ridge", "--json");
    expect([same.exitCode, jsonLines(same.out)]).toMatchObject([0, [{ equal: true, rounds: 60 }]]);
  });

  it("writes the page anew", async () => {
    const { out } = await kofn(home, "report", "ridge");
    expect(await readFile(out.trim(), "utf8")).toMatch(/^<!doctype html>/);
  });
});

describe("kofn encode", () => {
  it("says what was written and where, and trains nothing", async () => {
    const ended = await kofn(at("other"), "encode", at("ridge.yaml"), "--json");
    expect(jsonLines(ended.out)).toMatchObject([{ type: "result", rows: 120, slots: 4 }]);
    expect((await kofn(at("other"), "list", "--json")).out).toBe('{"type":"result","runs":0}\n');
  });
});
