import { execFileSync, spawn } from "node:child_process";
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { trainNew } from "../src/platform/training/train.ts";
import type { RunEvent } from "../src/ports/events.ts";
import { resolveSpec } from "../src/run/resolve-spec.ts";
import { installedPackages } from "./conformance-install.ts";

const version = "3.17.2";
const script = join(import.meta.dirname, "conformance", "mlflow_runs.py");
const run = "told";

interface Told {
  readonly version: string;
  readonly status: string;
  readonly rounds: string;
  readonly objectives: readonly (readonly [number, number])[];
  readonly final: number;
  readonly artifacts: readonly (readonly [string, number])[];
  readonly traces: readonly (readonly (readonly [string, boolean])[])[];
}

/**
 * A run told to a real MLflow server, by its REST interface and, as its trace endpoint takes OTLP,
 * by OpenTelemetry; read again by MLflow's own client.
 */
export async function conformanceMlflow(): Promise<boolean> {
  const python = installedPackages(`mlflow ${version}`, [`mlflow==${version}`]);
  if (python === null) return true;
  const folder = mkdtempSync(join(tmpdir(), "kofn-mlflow-"));
  const server = await startServer(python, folder);
  try {
    return await compare(python, server.address, folder);
  } finally {
    server.stop();
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

async function compare(python: string, address: string, folder: string): Promise<boolean> {
  const experiment = await experimentOf(address);
  Object.assign(process.env, {
    MLFLOW_TRACKING_URI: address,
    OTEL_EXPORTER_OTLP_ENDPOINT: address,
    OTEL_EXPORTER_OTLP_HEADERS: `x-mlflow-experiment-id=${experiment}`,
  });
  const spec = resolveSpec({
    problem: "logistic",
    data: { generate: { type: "classification", rows: 200, features: 4 } },
    workers: 4,
    stop: { rounds: 8, tolerance: 0 },
    report: ["mlflow", "otlp"],
  });
  const events: RunEvent[] = [];
  const notes: string[] = [];
  const { result } = await trainNew(
    { run, spec, backend: "simulated", home: join(folder, "home") },
    { listen: (event) => events.push(event), onNote: (text) => notes.push(text) },
  );
  const told = JSON.parse(execFileSync(python, [script, address, run]).toString()) as Told;
  const rounds = events.filter((event) => event.type === "round");
  const [trace = []] = told.traces;
  const model = told.artifacts.find(([path]) => path === "model.safetensors");
  const arrivals = events.filter(({ type }) => type === "arrival").length;
  console.log(`MLflow ${told.version}`);
  return [
    check("no note", notes.length === 0, notes.join("; ")),
    check("finished", told.status === "FINISHED", told.status),
    check("stop.rounds", told.rounds === "8", told.rounds),
    check(
      "objective of each round",
      JSON.stringify(told.objectives) ===
        JSON.stringify(rounds.map(({ round, objectiveEstimate }) => [round, objectiveEstimate])),
      `${told.objectives.length} of ${rounds.length}`,
    ),
    check("objective at the end", told.final === result.objective, String(told.final)),
    check(
      "the model's bytes",
      model?.[1] === statSync(result.model).size,
      JSON.stringify(told.artifacts),
    ),
    check("one trace", told.traces.length === 1, String(told.traces.length)),
    check("one root", trace.filter(([, isRoot]) => isRoot).length === 1, "of its spans"),
    check(
      "a span a round and a task",
      trace.length === 1 + rounds.length + arrivals,
      `${trace.length} of ${1 + rounds.length + arrivals}`,
    ),
  ].every(Boolean);
}

function check(what: string, isSo: boolean, found: string): boolean {
  console.log(`${isSo ? "ok  " : "FAIL"}  ${what.padEnd(28)} ${found}`);
  return isSo;
}

async function experimentOf(address: string): Promise<string> {
  const answer = await fetch(`${address}/api/2.0/mlflow/experiments/create`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ name: "kofn" }),
  });
  return ((await answer.json()) as { experiment_id: string }).experiment_id;
}

async function startServer(python: string, folder: string) {
  const port = await freePort();
  const address = `http://127.0.0.1:${port}`;
  const server = spawn(
    join(dirname(python), "mlflow"),
    [
      ...["server", "--host", "127.0.0.1", "--port", String(port), "--workers", "1"],
      ...["--backend-store-uri", `sqlite:///${join(folder, "mlflow.db")}`],
      ...["--artifacts-destination", join(folder, "artifacts")],
    ],
    { stdio: ["ignore", "ignore", "pipe"], detached: true },
  );
  let said = "";
  server.stderr.on("data", (text: Buffer) => {
    said = `${said}${text}`.slice(-4_000);
  });
  for (let tries = 0; tries < 600; tries++) {
    if (server.exitCode !== null) throw new Error(`the server ended: ${said}`);
    const isUp = await fetch(`${address}/health`).then(
      ({ ok }) => ok,
      () => false,
    );
    if (isUp) return { address, stop: () => process.kill(-server.pid!, "SIGKILL") };
    await sleep(500);
  }
  throw new Error(`the server does not answer: ${said}`);
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}
