import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { randomFrom } from "../../src/core/random.ts";
import type { Examples } from "../../src/math/rows.ts";
import type { Problem } from "../../src/problems/problem.ts";
import { problems } from "../../src/problems/registry.ts";
import { handOver } from "../hand-over.ts";
import { openPeer, type Peer, type Taken } from "./peer.ts";

/**
 * Steps of gradient descent a second of three networks beside torch and jax-js, one thread each,
 * taking turns: from the same weights over the same batches, the losses of all steps compared.
 * Rates are by processor time of the whole process. KOFN_TORCH_PYTHON names a Python with torch.
 */
const { values } = parseArgs({
  options: {
    only: { type: "string", default: "" },
    steps: { type: "string", default: "40" },
    repetitions: { type: "string", default: "7" },
  },
});
const jaxVersion = "0.1.25";
/** Losses of a step may be so far apart, as a part of kofn's. */
const apartMax = 1e-4;

interface Case {
  readonly network: "wide" | "convolution" | "transformer";
  readonly batch: number;
  readonly columns: number;
  /** Of the mean loss. */
  readonly rate: number;
  /** Rows are tokens, of so many. */
  readonly tokens?: number;
  /** Steps a second over torch's. */
  readonly target: number;
}

const cases: readonly Case[] = [
  { network: "wide", batch: 64, columns: 784, rate: 0.1, target: 0.9 },
  { network: "convolution", batch: 32, columns: 784, rate: 0.05, target: 0.7 },
  { network: "transformer", batch: 16, columns: 64, rate: 0.1, tokens: 65, target: 0.5 },
];

const folder = mkdtempSync(join(tmpdir(), "kofn-steps-"));
const results: object[] = [];
try {
  const chosen = cases.filter(({ network }) => network.includes(values.only));
  installJax();
  for (const one of chosen) results.push(await raceOf(one));
} finally {
  rmSync(folder, { recursive: true, force: true });
}
handOver({ bench: "steps", results });

/** Into the temporary folder, by npm; without it the peer is left out. */
function installJax(): void {
  const packages = ["install", "--silent", "--no-save", `@jax-js/jax@${jaxVersion}`];
  try {
    writeFileSync(join(folder, "package.json"), `{"type":"module"}`);
    execFileSync("npm", packages, { cwd: folder, stdio: "ignore" });
  } catch {
    console.log(`jax-js left out: npm does not install @jax-js/jax@${jaxVersion}`);
  }
}

async function raceOf(one: Case): Promise<object> {
  const ours = await kofnSteps(one, Number(values.steps));
  const python = process.env.KOFN_TORCH_PYTHON ?? "python3";
  const peers = [
    await openPeer(python, [join(import.meta.dirname, "../peers/torch_steps.py"), folder]),
    await openPeer(process.execPath, [join(import.meta.dirname, "jax-steps.ts"), folder]),
  ].filter((peer) => peer !== null);
  const taken = new Map<string, Taken[]>(
    ["kofn", ...peers.map(({ version }) => version)].map((name) => [name, []]),
  );
  for (let turn = -1; turn < Number(values.repetitions); turn++) {
    const mine = ours();
    if (turn >= 0) taken.get("kofn")!.push(mine);
    for (const peer of peers) {
      const theirs = await peer.steps();
      if (turn < 0) tellApart(peer, mine.losses, theirs.losses);
      else taken.get(peer.version)!.push(theirs);
    }
  }
  for (const peer of peers) peer.close();
  return tell(one, taken);
}

function tellApart({ version }: Peer, ours: readonly number[], theirs: readonly number[]): void {
  const apart = Math.max(...ours.map((loss, step) => Math.abs(theirs[step]! / loss - 1)));
  const ends = `${ours[0]!.toFixed(5)} to ${ours.at(-1)!.toFixed(5)}`;
  console.log(`losses ${ends}; ${version} is ${apart.toExponential(1)} apart at most`);
  if (!(apart <= apartMax)) process.exitCode = 1;
}

function tell(one: Case, taken: ReadonlyMap<string, readonly Taken[]>): object {
  const { network, batch, target } = one;
  console.log(`${`${network}, batch ${batch}`.padEnd(28)}steps/s   best  kofn over it`);
  const rates = [...taken].map(([name, turns]) => {
    const times = turns.map(({ processorMs }) => processorMs).sort((a, b) => a - b);
    const steps = turns[0]!.losses.length;
    const [median, best] = [times[times.length >> 1]!, times[0]!].map((ms) => (1000 * steps) / ms);
    return { name, median: median!, best: best! };
  });
  const mine = rates[0]!;
  for (const { name, median, best } of rates) {
    const share = `${(mine.median / median).toFixed(2)} (${(mine.best / best).toFixed(2)})`;
    const [a, b] = [median.toFixed(0).padStart(7), best.toFixed(0).padStart(7)];
    console.log(
      `${name.padEnd(28)}${a}${b}  ${share}${name.startsWith("torch") ? `; target ${target}` : ""}`,
    );
  }
  return { network, batch, target, rates };
}

/** Writes the case for peers; takes all steps by kofn. */
async function kofnSteps(one: Case, steps: number): Promise<() => Taken> {
  const { network, batch, columns, rate, tokens } = one;
  const problem = await problemOf(`${import.meta.dirname}/${network}.ts`);
  const random = randomFrom("steps");
  const draw = tokens === undefined ? () => random.uniform() : () => random.integer(tokens);
  const rows = Float32Array.from({ length: steps * batch * columns }, draw);
  const classes = tokens ?? 10;
  const targets = Float32Array.from({ length: steps * batch }, () => random.integer(classes));
  const start = problem.initial!(randomFrom(1));
  writeFileSync(join(folder, "rows.bin"), new Uint8Array(rows.buffer));
  writeFileSync(join(folder, "targets.bin"), new Uint8Array(targets.buffer));
  writeFileSync(join(folder, "start.bin"), new Uint8Array(start.buffer));
  const about = { network, batch, columns, rate, pieces: problem.parameters };
  writeFileSync(join(folder, "case.json"), JSON.stringify(about));
  const gradient = new Float64Array(start.length);
  return () => {
    const weights = start.slice();
    const [begunMs, begun] = [performance.now(), process.cpuUsage()];
    const losses = Array.from({ length: steps }, (_, step) => {
      const from = step * batch;
      const values = rows.subarray(from * columns, (from + batch) * columns);
      const examples: Examples = {
        rows: { kind: "dense", rows: batch, columns, values },
        targets: targets.subarray(from, from + batch),
      };
      const loss = problem.lossAndGradient(examples, weights, gradient);
      descend(weights, gradient, rate / batch);
      return loss / batch;
    });
    const { user, system } = process.cpuUsage(begun);
    return { ms: performance.now() - begunMs, processorMs: (user + system) / 1000, losses };
  };
}

/** A step, after which the gradient is zeros again: in one go, as workers take theirs. */
function descend(weights: Float32Array, gradient: Float64Array, step: number): void {
  for (let i = 0; i < weights.length; i++) {
    weights[i]! -= step * gradient[i]!;
    gradient[i] = 0;
  }
}

async function problemOf(model: string): Promise<Problem> {
  const store = new Map<string, Uint8Array>();
  const raw = problems.create({ type: "network", model, backend: "wasm" } as never);
  const write = async (key: string, bytes: Uint8Array) => store.set(key, bytes);
  const staged = await raw.publishAssets!(write, 1);
  const problem = problems.create({ type: "network", ...staged });
  await problem.load!(async (key) => store.get(key) ?? null);
  return problem;
}
