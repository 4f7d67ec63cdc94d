import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import * as tf from "@tensorflow/tfjs-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { randomFrom } from "../../src/core/random.ts";
import { openTensorBackend } from "../../src/tfjs/backend.ts";
import { modelFrom } from "../../src/tfjs/open-model.ts";
import { jsonLines, kofn, newFolder } from "./fixtures.ts";

const glyphs = fileURLToPath(new URL("../../examples/glyphs/run.yaml", import.meta.url));

let folder: Awaited<ReturnType<typeof newFolder>>;
let home = "";
beforeAll(async () => {
  folder = await newFolder();
  home = join(folder.path, "home");
  const random = randomFrom("rows");
  const rows = Array.from({ length: 120 }, () => {
    const [a, b, c] = [random.normal(), random.normal(), random.normal()];
    return [a, b, c, a! * b! > 0 ? "same" : "other"].join(",");
  });
  await writeFile(join(folder.path, "rows.csv"), `a,b,c,y\n${rows.join("\n")}\n`);
});
afterAll(() => folder.remove());

const small = `tf.sequential({ layers: [
  tf.layers.dense({ units: 8, activation: "tanh", inputShape: [3] }),
  tf.layers.batchNormalization(), tf.layers.dropout({ rate: 0.2 }),
  tf.layers.dense({ units: 2, activation: "softmax" })] })`;

let models = 0;

/** Modules are loaded once a process: each has a name of its own. */
async function spec(model: string, more = ""): Promise<string> {
  const name = `model${++models}.ts`;
  await writeFile(join(folder.path, name), `export default ({ tf }) => ${model};`);
  const path = join(folder.path, "spec.yaml");
  const problem = more.includes("problem:") ? "" : `problem: { type: network, model: ${name} }\n`;
  const optimizer = more.includes("optimizer:") ? "" : "optimizer: adam\n";
  const rest = "data: { source: rows.csv, target: y, test: 0.25 }\nworkers: 3\nwait: all\n";
  const ends = "encoding: uncoded\nstop: { rounds: 6, tolerance: 0 }\n";
  await writeFile(path, problem + rest + ends + optimizer + more);
  return path;
}

describe("a network, from the command line", () => {
  it("trains on the emulated platform, in the bundle that is deployed, on WASM", async () => {
    const settings = [
      "workers=2",
      "wait=all",
      "stop.rounds=4",
      "stop.patience=600",
      "problem.backend=wasm",
    ];
    const args = settings.flatMap((setting) => ["--set", setting]);
    const ended = await kofn(
      join(folder.path, "cloud"),
      "run",
      glyphs,
      "--json",
      ...args,
      "--set",
      "encoding=uncoded",
    );
    expect(ended.exitCode, ended.err).toBe(0);
    const events = jsonLines(ended.out) as { type: string; objectiveEstimate?: number }[];
    const losses = events.filter(({ type }) => type === "round").map((e) => e.objectiveEstimate!);
    expect(losses).toHaveLength(4);
    expect(losses[3]).toBeLessThan(losses[0]! - 0.05);
  });

  it("replays to the last bit, dropout and all; exported it predicts the same", async () => {
    const path = await spec(small);
    const ended = await kofn(home, "run", path, "--backend", "simulated", "--json");
    expect(ended.exitCode, ended.err).toBe(0);
    const replayed = await kofn(home, "replay", "latest");
    expect(replayed.exitCode, replayed.err).toBe(0);
    const predicted = await kofn(home, "predict", "latest", join(folder.path, "rows.csv"));
    expect(predicted.exitCode, predicted.err).toBe(0);
    const out = join(folder.path, "exported");
    const exported = await kofn(home, "export", "latest", "--format", "tfjs", "--output", out);
    expect(exported.exitCode, exported.err).toBe(0);
    const json = JSON.parse(await readFile(join(out, "model.json"), "utf8"));
    await openTensorBackend("cpu");
    const model = await modelFrom(json.modelTopology, "exported");
    const bytes = await readFile(join(out, "weights.bin"));
    const buffer = new Uint8Array(bytes).buffer;
    const weights = tf.io.decodeWeights(buffer, json.weightsManifest[0].weights);
    for (const weight of model.weights) weight.write(weights[weight.originalName]!);
    const [, first] = (await readFile(join(folder.path, "rows.csv"), "utf8")).split("\n");
    const cells = first!.split(",").slice(0, 3).map(Number);
    // Raw: the model standardises by itself.
    const chances = (model.predict(tf.tensor2d([cells])) as tf.Tensor).dataSync();
    const [header, line] = predicted.out.trim().split("\n");
    const told = line!.split(",").map(Number);
    const at = header!.split(",").findIndex((name) => name.includes("other"));
    expect(told[at]).toBeCloseTo(chances[0]!, 4);
  });

  const wild = "{ type: local-steps, learningRate: 1.0e+38 }\noptimizer: gradient-descent";
  it.each([
    ["rounds", "optimizer: { type: sgd, learningRate: 1.0e+38 }\n"],
    ["local-steps", `strategy: ${wild}\ncompression: { type: sign-top-k, k: 25% }\n`],
  ])(
    "%s ends where the loss is no number, its last good checkpoint kept",
    async (_, more) => {
      const path = await spec(small, more);
      const ended = await kofn(home, "run", path, "--backend", "simulated");
      expect(ended.exitCode, ended.err).toBe(3);
      expect(ended.err).toMatch(/round \d+.*(NaN|Infinity).*rate/);
      expect(ended.err).toContain("resume");
    },
    20_000,
  );
});

describe("a network that cannot work is refused with place and remedy", () => {
  const dense = (units: number, inputs: number) =>
    `tf.sequential({ layers: [tf.layers.dense({ units: ${units}, inputShape: [${inputs}] })] })`;
  it.each([
    ["of another input", dense(2, 5), "", /model\d+\.ts: its input \[5\].*3 features/],
    ["of too few outputs", dense(1, 3), "", /last layer has 1 outputs.*2 classes/],
    ["that fails to build", "tf.layers.nothing()", "", /model\d+\.ts: .*nothing/],
    ["that is none", "42", "", /model\d+\.ts: .*returns no layers model/],
    [
      "whose line search cannot hold",
      small,
      "optimizer: l-bfgs\n",
      /l-bfgs searches along a line.*batch/,
    ],
    ["without a safe step", dense(2, 3), "optimizer: gradient-descent\n", /no step is safe/],
    [
      "under a mixing encoding",
      dense(2, 3),
      "problem: { type: network, model: model.ts }\nencoding: hadamard\n",
      /second time|not quadratic/,
    ],
  ])("%s", async (_, model, more, message) => {
    const ended = await kofn(home, "run", await spec(model, more), "--backend", "simulated");
    expect(ended.err).toMatch(message);
    expect(ended.err).toMatch(/^hint: \S/m);
    expect(ended.exitCode).toBe(2);
  });

  const layer = { class_name: "Dense", config: { units: 2, batch_input_shape: [null, 3] } };
  const topology = (layers: object[]) => ({
    modelTopology: { class_name: "Sequential", config: { name: "s", layers } },
  });
  it.each([
    ["an unknown layer", topology([{ class_name: "Blurrer", config: {} }]), /layer Blurrer/],
    [
      "a missing weights file",
      {
        ...topology([layer]),
        weightsManifest: [{ paths: ["gone.bin"], weights: [] }],
      },
      /gone\.bin: there is no such file/,
    ],
    ["no layers at all", { format: "graph-model" }, /no layers model/],
  ])("a model.json with %s", async (_, json, message) => {
    await writeFile(join(folder.path, "model.json"), JSON.stringify(json));
    const more = "problem: { type: network, model: model.json }\n";
    const ended = await kofn(home, "run", await spec(small, more), "--backend", "simulated");
    expect(ended.err).toMatch(message);
    expect(ended.err).toMatch(/model\.json/);
    expect(ended.exitCode).toBe(2);
  });
});
