import { execFile } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type EmulatedBackend, emulatedBackend } from "../src/platform/local/emulated.ts";
import { bucket } from "../src/platform/local/paths.ts";
import { loadSpec } from "../src/run/spec-file.ts";

const root = join(import.meta.dirname, "..");
const cli = join(root, "dist/src/cli/main.js");
const stage = ["--stage", "dev"];
const roundsUsual = 6;

/**
 * Examples that publish under noise: its secrets are drawn anew for every run, so that no other run
 * is the same, and a replay goes by what was published.
 */
const noised = ["consensus", "private-records"];

/** Of what the table says of an example. */
interface Row {
  readonly example: string;
  readonly ended: string;
  readonly rounds: number;
  readonly digest: string;
  readonly local: string;
  readonly replayed: string;
  readonly bill: string;
}

/**
 * Every example, or those that are named, by `kofn run --stage` over the built bundles: the durable
 * orchestrator's function and the workers', each held to the role that it is deployed with. Its
 * digest beside that of a run on this machine without any of that, where all replies count in both,
 * and of its replay. `rounds=N` in place of 6 as a bound.
 */
export async function conformanceExamples(): Promise<boolean> {
  const given = process.argv.slice(3);
  const rounds = Number(given.find((one) => one.startsWith("rounds="))?.slice(7) ?? roundsUsual);
  const wanted = given.filter((one) => !one.includes("="));
  const names = readdirSync(join(root, "examples")).filter(
    (name) => wanted.length === 0 || wanted.includes(name),
  );
  const work = mkdtempSync(join(tmpdir(), "kofn-examples-"));
  const workers = 32;
  const backend = await emulatedBackend({
    home: join(work, "cloud"),
    spec: { weather: { model: "calm" }, seed: 0, workers },
  });
  mkdirSync(join(work, ".sst"));
  writeFileSync(join(work, ".sst/outputs.json"), JSON.stringify(outputs));
  console.log("| example | ended | rounds | digest | run here | replayed | bill |");
  console.log("| --- | --- | --- | --- | --- | --- | --- |");
  let passed = true;
  try {
    for (const name of names) {
      const row = await rowOf(name, rounds, { work, backend });
      console.log(`| ${Object.values(row).join(" | ")} |`);
      passed &&= row.ended === "model" && row.replayed === "equal" && !/not/.test(row.local);
    }
  } finally {
    await backend.close();
    rmSync(work, { recursive: true, force: true });
  }
  return passed;
}

const outputs = {
  ...{ stage: "dev", bucket, worker: "worker", workerVersion: "1", orchestrator: "orchestrator:1" },
  ...{ networkWorker: "network-worker", networkWorkerVersion: "1" },
};

async function rowOf(
  example: string,
  rounds: number,
  { work, backend }: { readonly work: string; readonly backend: EmulatedBackend },
): Promise<Row> {
  const written = await shortened(example, rounds);
  const [there, here] = [join(work, `${example}.json`), join(work, `${example}-here.json`)];
  writeFileSync(there, JSON.stringify(written));
  writeFileSync(here, JSON.stringify({ ...written, weather: { model: "calm" } }));
  const { environment } = backend.emulator();
  const env = { ...process.env, ...environment, KOFN_HOME: join(work, "home") };
  const kofn = (...args: string[]) => called([cli, ...args], { cwd: work, env });
  const run = await kofn("run", there, "--name", example, "--json", ...stage);
  const result = lastLine(run.out);
  const isModel = run.code === 0 && result.stop === "done" && existsSync(String(result.model));
  if (!isModel) console.error(run.err);
  const bill = await kofn("bill", example, ...stage);
  const replayed = await kofn("replay", example, ...stage);
  const simulated = noised.includes(example)
    ? null
    : lastLine((await kofn("simulate", here, "--name", `${example}-here`, "--json")).out);
  return {
    example,
    ended: isModel ? "model" : `exit ${run.code}`,
    rounds: Number(result.rounds),
    digest: String(result.weightsDigest).slice(0, 12),
    local:
      simulated === null
        ? "noised"
        : simulated.weightsDigest === result.weightsDigest
          ? "equal"
          : `not equal: ${String(simulated.weightsDigest).slice(0, 12)}`,
    replayed: /equal to the bit/.test(replayed.out) ? "equal" : "not equal",
    bill: /^all +(\S.*)$/m.exec(bill.out)?.[1]?.trim() ?? `exit ${bill.code}`,
  };
}

/** An example where all replies count, so that the same count everywhere, and fewer rounds do. */
async function shortened(example: string, roundsMax: number): Promise<object> {
  const folder = join(root, "examples", example);
  const file = readdirSync(folder).find((name) => name.startsWith("run."))!;
  const { weather: _, ...spec } = (await loadSpec(join(folder, file))) as {
    readonly weather?: object;
    readonly wait?: object;
    readonly strategy?: { readonly epochs?: number };
    readonly stop?: { readonly rounds?: number };
  };
  const { wait, strategy, stop } = spec;
  const rounds = Math.min(roundsMax, stop?.rounds ?? roundsMax);
  return {
    ...spec,
    ...(wait && { wait: "all" }),
    ...(strategy?.epochs && { strategy: { ...strategy, epochs: Math.min(2, strategy.epochs) } }),
    ...(stop?.rounds && { stop: { ...stop, rounds } }),
  };
}

interface Called {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

function called(
  args: readonly string[],
  { cwd, env }: { readonly cwd: string; readonly env: NodeJS.ProcessEnv },
): Promise<Called> {
  const { promise, resolve } = Promise.withResolvers<Called>();
  const options = { cwd, env, maxBuffer: 2 ** 28 };
  const child = execFile(process.execPath, [...args], options, (_error, out, err) =>
    resolve({ code: child.exitCode ?? 1, out, err }),
  );
  return promise;
}

function lastLine(text: string): Record<string, unknown> {
  const line = text.trim().split("\n").at(-1) ?? "";
  return line.startsWith("{") ? (JSON.parse(line) as Record<string, unknown>) : {};
}
