import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { RunError } from "../src/core/errors.ts";
import { exportModel, train } from "../src/index.ts";
import { loadSpec } from "../src/run/spec-file.ts";
import { withOverrides } from "../src/spec/overrides.ts";
import { chosenColumns } from "./conformance/chosen-columns.ts";
import { type ExampleRows, exampleRows } from "./conformance/example-rows.ts";

const version = "1.30.0";
const runtimes = ["onnxruntime-node", "onnxruntime-web"];
const examples = fileURLToPath(new URL("../examples/", import.meta.url));
const off = 1e-5;
/** A case that is no example. */
const madeUp = "columns";

/** Examples, and the fewer rounds that they are trained for here. */
const cases: Readonly<Record<string, number>> = {
  churn: 5,
  columns: 20,
  consensus: 2,
  "dead-workers": 5,
  "few-bits": 5,
  films: 0,
  glyphs: 5,
  houses: 5,
  phrases: 2,
  "private-records": 4,
  recommender: 3,
  sensors: 10,
  sentences: 2,
  sparse: 3,
  stages: 2,
};

/** As much of ONNX Runtime's interface as is used, the same in both. */
interface Runtime {
  readonly Tensor: new (type: string, data: unknown, dims: readonly number[]) => Tensor;
  readonly InferenceSession: {
    create(model: Uint8Array): Promise<{
      run(feeds: Readonly<Record<string, Tensor>>): Promise<Readonly<Record<string, Tensor>>>;
    }>;
  };
}

interface Tensor {
  readonly data: ArrayLike<number | bigint | string>;
  readonly dims: readonly number[];
}

/**
 * Every example's model as ONNX in ONNX Runtime, for Node and for browsers: raw rows in, and what
 * `kofn predict` says out, within 1e-5. A model that is no graph must be refused by name.
 */
export async function conformanceOnnx(): Promise<boolean> {
  const folder = mkdtempSync(join(tmpdir(), "kofn-onnx-"));
  const only = process.argv[3];
  try {
    const engines: [string, Runtime][] = [];
    for (const name of runtimes) engines.push([name, await installed(name)]);
    let wrong = 0;
    for (const [name, rounds] of Object.entries(cases)) {
      if (only !== undefined && only !== name) continue;
      const path = await exported(name, rounds, folder);
      if (path === null) continue;
      const made = name === madeUp ? [join(folder, name)] : [];
      const rows = await exampleRows(name, path.run, path.home, ...made);
      for (const [engine, runtime] of engines) {
        const { largest, differ } = await compared(runtime, path.file, rows);
        const isWrong = !(largest <= off) || differ > 0;
        if (isWrong) wrong++;
        const result = isWrong ? "DIFFERS" : "agrees";
        const figures = `off by ${largest.toExponential(1)}, ${differ} other classes`;
        console.log(
          `${name.padEnd(16)} ${engine.padEnd(17)} ${rows.count} rows: ${result}, ${figures}`,
        );
      }
    }
    console.log(wrong === 0 ? "all agree" : `${wrong} differ`);
    return wrong === 0;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** ONNX Runtime, installed once into a temporary folder that later runs find again. */
async function installed(name: string): Promise<Runtime> {
  const folder = join(tmpdir(), `kofn-onnxruntime-${version}`);
  if (!existsSync(join(folder, "node_modules", name))) {
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, "package.json"), '{ "private": true, "type": "module" }');
    const quiet = ["--no-audit", "--no-fund", "--ignore-scripts"];
    const wanted = runtimes.map((one) => `${one}@${version}`);
    console.log(`installing ${wanted.join(", ")}`);
    execFileSync("npm", ["install", ...quiet, ...wanted], {
      cwd: folder,
      stdio: ["ignore", "ignore", "inherit"],
    });
  }
  const loader = join(folder, `${name}.mjs`);
  writeFileSync(loader, `export * from ${JSON.stringify(name)};\n`);
  return (await import(pathToFileURL(loader).href)) as Runtime;
}

interface Exported {
  readonly file: string;
  readonly run: string;
  readonly home: string;
}

async function specOf(name: string, folder: string): Promise<object> {
  if (name === madeUp) return chosenColumns(join(folder, name));
  const file = ["run.yaml", "run.ts"]
    .map((one) => join(examples, name, one))
    .find((path) => existsSync(path))!;
  return loadSpec(file) as Promise<object>;
}

/** The example's model as a file; null where it was refused, as it should be. */
async function exported(name: string, rounds: number, folder: string): Promise<Exported | null> {
  const shorter = rounds === 0 ? [] : [{ path: ["stop", "rounds"], value: rounds }];
  const spec = withOverrides(await specOf(name, folder), shorter);
  const home = join(folder, `${name}-home`);
  const { run } = await train(spec as Parameters<typeof train>[0], { backend: "simulated", home });
  const output = join(folder, `${name}.onnx`);
  try {
    return { file: await exportModel(run, { home, format: "onnx", output }), run, home };
  } catch (thrown) {
    if (!(thrown instanceof RunError) || name !== "phrases") throw thrown;
    console.log(`${name.padEnd(16)} refused: ${thrown.message}`);
    return null;
  }
}

async function compared(runtime: Runtime, file: string, rows: ExampleRows) {
  const session = await runtime.InferenceSession.create(readFileSync(file));
  const feeds = Object.fromEntries(
    rows.feeds.map(({ name, type, data, shape }) => [name, new runtime.Tensor(type, data, shape)]),
  );
  const outputs = await session.run(feeds);
  const { prediction, margin, probabilities } = outputs;
  const values = prediction ?? margin ?? probabilities!;
  let largest = 0;
  let differ = 0;
  for (const [i, expected] of rows.expected.entries()) {
    const width = expected.values.length;
    for (const [j, value] of expected.values.entries()) {
      const told = Number(values.data[i * width + j]);
      largest = Math.max(largest, Math.abs(told - value) / Math.max(1, Math.abs(value)));
      if (Number.isNaN(told)) largest = Number.NaN;
    }
    const label = outputs.class?.data[i];
    if (expected.label !== undefined && label !== expected.label) differ++;
  }
  return { largest, differ };
}
