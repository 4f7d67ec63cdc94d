import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { fromSafetensors } from "../../src/wire/safetensors.ts";
import { kofn, newFolder } from "./fixtures.ts";

/** Three kinds of points around three corners. */
const rows = Array.from({ length: 90 }, (_, i) => {
  const kind = ["low", "mid, or so", "high"][i % 3]!;
  const [x, y] = { low: [0, 0], "mid, or so": [4, 0], high: [0, 4] }[kind]!;
  return { x: x! + ((i * 7) % 10) / 10, y: y! + ((i * 3) % 10) / 10, kind };
});
const csv = `x,y,kind\n${rows.map(({ x, y, kind }) => `${x},${y},"${kind}"`).join("\n")}\n`;

let folder: Awaited<ReturnType<typeof newFolder>>;
let home = "";
const at = (name: string) => join(folder.path, name);

beforeAll(async () => {
  folder = await newFolder();
  home = at("home");
  await writeFile(at("rows.csv"), csv);
  await writeFile(at("two.csv"), csv.replaceAll("high", "low"));
  const common = "workers: 4\nwait: all\nstop: { rounds: 60, tolerance: 0 }\n";
  const of = (type: string, source: string) =>
    `problem: { type: ${type}, l2: 0.001 }\ndata: { source: ${source}, target: kind }\n`;
  const blocks = "strategy: encoded-blocks\n";
  await writeFile(at("softmax.yaml"), of("softmax", "rows.csv") + blocks + common);
  await writeFile(at("margins.yaml"), of("squared-hinge", "two.csv") + common);
  for (const name of ["softmax", "margins"]) {
    const ended = await kofn(home, "simulate", at(`${name}.yaml`), "--name", name);
    expect(ended.exitCode, ended.err).toBe(0);
  }
});
afterAll(() => folder.remove());

describe("a model of three classes", () => {
  it("predicts a class and a probability for each", async () => {
    const { out, err } = await kofn(home, "predict", "softmax", at("rows.csv"));
    const [head, ...lines] = out.trimEnd().split("\n");
    expect(head).toBe('row,class,probability high,probability low,"probability mid, or so"');
    for (const [i, line] of lines.entries()) {
      const { kind } = rows[i]!;
      const shown = kind.includes(",") ? `"${kind}"` : kind;
      expect(line.startsWith(`${i},${shown},`)).toBe(true);
      const chances = line.slice(`${i},${shown},`.length).split(",").map(Number);
      expect(chances.reduce((sum, chance) => sum + chance, 0)).toBeCloseTo(1, 12);
      expect(chances[["high", "low", "mid, or so"].indexOf(kind)]).toBe(Math.max(...chances));
    }
    expect(lines).toHaveLength(rows.length);
    expect(err).toMatch(/90 known targets: accuracy 1/);
  });

  it("is exported with a block of weights a class", async () => {
    const path = async (format: string) => {
      await kofn(home, "export", "softmax", "--format", format, "--output", at(`out-${format}`));
      return at(`out-${format}`);
    };
    const { tensors } = fromSafetensors(await readFile(await path("safetensors")), "model");
    expect(tensors["linear.weight"]!.shape).toEqual([3, 2]);
    expect(tensors["linear.bias"]!.shape).toEqual([3]);
    const weights = tensors["linear.weight"]!.data;
    const biases = tensors["linear.bias"]!.data;
    const npy = await readFile(await path("npy"));
    expect(npy.toString("latin1", 10, 80)).toContain("'shape': (3, 3)");
    const json = JSON.parse(await readFile(await path("json"), "utf8"));
    const names = json.classes.map((one: { class: string }) => one.class);
    expect(names).toEqual(["high", "low", "mid, or so"]);
    expect(json.classes[1].coefficients[0].standardized).toBeCloseTo(weights[2]!, 6);
    expect(json.classes[1].intercept.standardized).toBeCloseTo(biases[1]!, 6);
    const layers = await path("tfjs");
    const topology = JSON.parse(await readFile(join(layers, "model.json"), "utf8"));
    const [, , dense] = topology.modelTopology.model_config.config.layers;
    expect(dense.config).toMatchObject({ units: 3, activation: "softmax" });
    const bin = await readFile(join(layers, "weights.bin"));
    // After mean and variance of two features; the kernel is features by classes.
    const floats = Array.from({ length: 9 }, (_, i) => bin.readFloatLE(4 * (4 + i)));
    expect(floats).toEqual([...[0, 2, 4, 1, 3, 5].map((place) => weights[place]), ...biases]);
  });
});

describe("a support vector machine", () => {
  it("predicts a class and its margin, which is no probability", async () => {
    const { out, err } = await kofn(home, "predict", "margins", at("two.csv"));
    const [head, ...lines] = out.trimEnd().split("\n");
    expect(head).toBe("row,class,margin");
    expect(err).toMatch(/margin: above 0 for class mid, or so/);
    for (const [i, line] of lines.entries()) {
      const isMid = rows[i]!.kind.startsWith("mid");
      expect(line.startsWith(isMid ? `${i},"mid, or so",` : `${i},low,`)).toBe(true);
      expect(Number(line.split(",").at(-1)) > 0).toBe(isMid);
    }
  });
});
