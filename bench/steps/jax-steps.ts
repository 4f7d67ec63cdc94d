import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";

/**
 * Steps of the three networks in jax-js, its WASM backend: `jax-steps.ts FOLDER`, as
 * `../peers/torch_steps.py`. The package is in FOLDER; its arrays are given away unless `ref` is
 * asked for.
 */
interface Array_ {
  readonly ref: Array_;
  readonly shape: number[];
  add(other: Array_ | number): Array_;
  sub(other: Array_ | number): Array_;
  mul(other: Array_ | number): Array_;
  div(other: Array_ | number): Array_;
  reshape(shape: number[]): Array_;
  transpose(order: number[]): Array_;
  astype(dtype: unknown): Array_;
  data(): Promise<Float32Array>;
  dispose(): void;
}
type Weights = Record<string, Array_>;
type Network = (w: (name: string) => Array_, x: Array_) => Array_;
/** Of the package, what is used: it is not installed where this is checked. */
interface Jax {
  init(): Promise<string[]>;
  defaultDevice(name: string): unknown;
  jit<F>(of: F): F;
  valueAndGrad(of: unknown): (...given: unknown[]) => [Array_, Weights];
  readonly numpy: Record<string, (...given: unknown[]) => Array_> & {
    readonly float32: unknown;
    readonly int32: unknown;
  };
  readonly nn: Record<string, (...given: unknown[]) => Array_>;
  readonly lax: Record<string, (...given: unknown[]) => Array_>;
}

const folder = process.argv[2]!;
const jaxFolder = join(folder, "node_modules/@jax-js/jax");
const jax = (await import(pathToFileURL(join(jaxFolder, "dist/index.js")).href)) as Jax;
const { version } = JSON.parse(readFileSync(join(jaxFolder, "package.json"), "utf8"));
await jax.init();
jax.defaultDevice("wasm");
const { numpy: np, nn, lax } = jax;
const about = JSON.parse(readFileSync(join(folder, "case.json"), "utf8")) as {
  readonly network: string;
  readonly batch: number;
  readonly columns: number;
  readonly rate: number;
  readonly pieces: readonly { readonly name: string; readonly shape: number[] }[];
};
const { batch, columns, rate, pieces } = about;
const tokens = about.network === "transformer" ? 65 : undefined;

const dense: (w: (name: string) => Array_, name: string, x: Array_) => Array_ = (w, name, x) =>
  np.matmul!(x, w(`${name}/kernel`)).add(w(`${name}/bias`));

const networks: Record<string, Network> = {
  wide: (w, x) => dense(w, "last", nn.relu!(dense(w, "hidden", x))),
  convolution(w, x) {
    const kernel = w("conv/kernel").transpose([3, 2, 0, 1]);
    const image = x.reshape([batch, 1, 28, 28]);
    const seen = lax.conv!(image, kernel, [1, 1], "VALID").add(
      w("conv/bias").reshape([1, 8, 1, 1]),
    );
    const most = (window: Array_) => np.max!(window);
    const pooled = lax.reduceWindow!(nn.relu!(seen), most, [2, 2], [2, 2]);
    return dense(w, "last", pooled.transpose([0, 2, 3, 1]).reshape([batch, 1352]));
  },
  transformer(w, ids) {
    const norm = (name: string, x: Array_) => {
      const away = x.ref.sub(np.mean!(x, 2, { keepdims: true }));
      const spread = np.mean!(np.square!(away.ref), 2, { keepdims: true });
      const normal = away.div(np.sqrt!(spread.add(1e-3)));
      return normal.mul(w(`${name}/gamma`)).add(w(`${name}/beta`));
    };
    let x = np.matmul!(nn.oneHot!(ids, 65), w("table/embeddings")).add(w("places/table"));
    for (const block of ["one", "two"]) {
      const joint = np.matmul!(norm(`${block}-before`, x.ref), w(`${block}-attention/joint`));
      const [q, k, v] = np.split!(
        joint.reshape([batch, 64, 3, 4, 16]),
        3,
        2,
      ) as unknown as Array_[];
      const heads = [q, k, v].map((one) => one!.reshape([batch, 64, 4, 16]));
      const mixed = nn.dotProductAttention!(...heads, { isCausal: true }).reshape([batch, 64, 64]);
      x = x.add(np.matmul!(mixed, w(`${block}-attention/output`)));
      const wider = nn.relu!(dense(w, `${block}-wide`, norm(`${block}-between`, x.ref)));
      x = x.add(dense(w, `${block}-narrow`, wider));
    }
    return dense(w, "last", norm("behind", x));
  },
};

function lossOf(weights: Weights, x: Array_, labels: Array_): Array_ {
  const scores = networks[about.network]!((name) => weights[name]!.ref, x);
  const logs = nn.logSoftmax!(scores, -1);
  const loss = np.sum!(logs.mul(labels)).mul(-1 / (batch * (tokens === undefined ? 1 : 64)));
  for (const one of Object.values(weights)) one.dispose();
  return loss;
}

const step = jax.jit((weights: Weights, x: Array_, labels: Array_): [Array_, Weights] => {
  const own = Object.fromEntries(Object.entries(weights).map(([name, one]) => [name, one.ref]));
  const [loss, slopes] = jax.valueAndGrad(lossOf)(own, x, labels);
  const moved = Object.entries(weights).map(([name, one]) => [
    name,
    one.sub(slopes[name]!.mul(rate)),
  ]);
  return [loss, Object.fromEntries(moved) as Weights];
});

const floats = (name: string) => {
  const bytes = readFileSync(join(folder, name));
  return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
};
const [start, rows, targets] = ["start.bin", "rows.bin", "targets.bin"].map(floats) as [
  Float32Array,
  Float32Array,
  Float32Array,
];

function batchAt(at: number): [Array_, Array_] {
  const own = rows.subarray(at * batch * columns, (at + 1) * batch * columns).slice();
  const last = targets.subarray(at * batch, (at + 1) * batch);
  if (tokens === undefined) {
    const labels = nn.oneHot!(np.array!(Int32Array.from(last)), 10);
    return [np.array!(own).reshape([batch, columns]), labels];
  }
  const next = Int32Array.from(own, (_, i) =>
    i % columns === columns - 1 ? last[Math.floor(i / columns)]! : own[i + 1]!,
  );
  const shaped = (values: Int32Array) => np.array!(values).reshape([batch, columns]);
  return [shaped(Int32Array.from(own)), nn.oneHot!(shaped(next), tokens)];
}

async function steps(): Promise<number[]> {
  let at = 0;
  let weights: Weights = {};
  for (const { name, shape } of pieces) {
    const length = shape.reduce((a, b) => a * b, 1);
    weights[name] = np.array!(start.slice(at, at + length)).reshape(shape);
    at += length;
  }
  const losses: number[] = [];
  for (let i = 0; i * batch < targets.length; i++) {
    const [x, labels] = batchAt(i);
    const [loss, moved] = step(weights, x, labels);
    weights = moved;
    losses.push((await loss.data())[0]!);
  }
  for (const one of Object.values(weights)) one.dispose();
  return losses;
}

console.log(JSON.stringify({ version: `jax-js ${version}` }));
for await (const _ of createInterface({ input: process.stdin })) {
  const [begunMs, begun] = [performance.now(), process.cpuUsage()];
  const losses = await steps();
  const { user, system } = process.cpuUsage(begun);
  const ms = performance.now() - begunMs;
  console.log(JSON.stringify({ ms, processorMs: (user + system) / 1000, losses }));
}
