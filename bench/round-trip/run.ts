import { readFileSync } from "node:fs";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "esbuild";
import { lambdaCompute } from "../../src/compute/lambda.ts";
import { lambdaClient } from "../../src/compute/lambda-client.ts";
import { startEmulatorProcess } from "../../src/emulator/emulator-process.ts";
import { handOver } from "../hand-over.ts";
import { runPeer } from "../peers/peer.ts";

/**
 * One round: 8 invocations in parallel through the emulator in a process of its own, each replying
 * 256 KiB of float32, with and without 256 KiB of float32 weights in the request. Also the time
 * until 16 cold environments have answered.
 */
const workers = 8;
const rounds = Number(process.env.ROUNDS ?? 200);
const weights = new Float32Array(65_536).map(Math.sin);

interface Task {
  readonly id: string;
  readonly slot: number;
  readonly round: number;
  readonly weights?: Float32Array;
}

const home = await mkdtemp(join(tmpdir(), "kofn-round-trip-"));
await build({
  entryPoints: [new URL("./worker.ts", import.meta.url).pathname],
  outfile: join(home, "bundle/worker.mjs"),
  bundle: true,
  platform: "node",
  format: "esm",
  target: "node24",
  logLevel: "error",
});
const emulator = await startEmulatorProcess({
  home,
  functions: {
    worker: {
      directory: join(home, "bundle"),
      handler: "worker.handler",
      memoryMb: 1769,
      timeoutMs: 30_000,
      tenancy: "PER_TENANT",
    },
  },
});
Object.assign(process.env, emulator.environment);

const coldMs = await round(options(false), 0, 16, false);
const figures: Record<string, number> = { cold16Ms: coldMs };
const table: Record<string, Record<string, string>> = {};
for (const streamed of [false, true])
  for (const withWeights of [false, true]) {
    const compute = options(streamed);
    for (let i = 0; i < 30; i++) await round(compute, i, workers, withWeights);
    const before = await cpuMs();
    const times: number[] = [];
    for (let i = 0; i < rounds; i++) times.push(await round(compute, i, workers, withWeights));
    const after = await cpuMs();
    times.sort((a, b) => a - b);
    const cpu = (key: keyof typeof after) => (after[key] - before[key]) / rounds;
    const at = (share: number) => times[Math.floor(share * times.length)]!;
    const name = `${streamed ? "streamed" : "invoke"}${withWeights ? ", weights sent" : ""}`;
    const ms = (value: number) => `${value.toFixed(1)} ms`;
    table[name] = {
      p10: ms(at(0.1)),
      p50: ms(at(0.5)),
      p90: ms(at(0.9)),
      "cpu: client": ms(cpu("client")),
      emulator: ms(cpu("emulator")),
      workers: ms(cpu("workers")),
    };
    figures[`${name} cpu`] = cpu("client") + cpu("emulator") + cpu("workers");
    figures[`${name} p50`] = at(0.5);
  }
console.table(table);
for (const rest of ["", ", weights sent"]) {
  const ratio = figures[`invoke${rest} p50`]! / figures[`streamed${rest} p50`]!;
  console.log(`streamed replies as quick as plain ones${rest}: ${ratio.toFixed(2)}x`);
}
console.log(`16 cold environments answered within ${coldMs.toFixed(0)} ms`);
const bill = await emulator.bill();
await emulator.close();
await rm(home, { recursive: true, force: true });
// The actor framework shares the weights between its workers as one object in memory.
const ray = runPeer("ray_round_trip.py", { workers, entries: weights.length, rounds });
if (ray !== null) {
  figures.rayP50Ms = Number(ray.p50Ms);
  for (const name of ["invoke", "invoke, weights sent"]) {
    const ratio = (figures.rayP50Ms / figures[`${name} p50`]!).toFixed(2);
    console.log(
      `ray ${ray.version}, p50 ${figures.rayP50Ms.toFixed(1)} ms: ${ratio}x of "${name}"`,
    );
  }
}
const runsStream = await someSource(/streamed: true/);
handOver({ bench: "round-trip", ...figures, costUsd: bill.costUsd, runsStream });

/** Whether a source file of the library asks for this. */
async function someSource(asks: RegExp): Promise<boolean> {
  const src = new URL("../../src/", import.meta.url).pathname;
  const paths = (await readdir(src, { recursive: true })).filter((path) => path.endsWith(".ts"));
  const texts = await Promise.all(paths.map((path) => readFile(join(src, path), "utf8")));
  return texts.some((text) => asks.test(text));
}

/** Processor time used so far: tells more than the clock on a machine that is shared. */
async function cpuMs() {
  const { user, system } = process.cpuUsage();
  const environments = await emulator.environments();
  return {
    client: (user + system) / 1000,
    emulator: cpuMsOf(emulator.pid),
    workers: environments.reduce((sum, { pid }) => sum + cpuMsOf(pid), 0),
  };
}

/** Of another process, in ticks of 10 ms; Linux only. */
function cpuMsOf(pid: number): number {
  if (process.platform !== "linux") return Number.NaN;
  const fields = readFileSync(`/proc/${pid}/stat`, "latin1")
    .replace(/^.*\) /, "")
    .split(" ");
  return 10 * (Number(fields[11]) + Number(fields[12]));
}

function options(streamed: boolean) {
  return lambdaCompute<Task, { gradient: Float32Array }>({
    functionName: "worker",
    run: "bench",
    streamed,
    client: lambdaClient({ socketsMax: 64 }),
  });
}

function round(
  compute: ReturnType<typeof options>,
  index: number,
  slots: number,
  withWeights: boolean,
): Promise<number> {
  // New weights every round, as in training: nothing is encoded ahead of time.
  const sent = withWeights ? { weights: weights.slice() } : {};
  const startedMs = performance.now();
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  let missing = slots;
  for (let slot = 0; slot < slots; slot++)
    compute.start({ id: `${index}/${slot}`, slot, round: index, ...sent }, (outcome) => {
      if (outcome.kind === "lost") reject(new Error(outcome.reason));
      else if (outcome.result.gradient.length !== 65_536) reject(new Error("a short reply"));
      else if (--missing === 0) resolve(performance.now() - startedMs);
    });
  return promise;
}
