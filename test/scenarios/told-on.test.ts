import { LocalDurableTestRunner } from "@aws/durable-execution-sdk-js-testing";
import { InvokeCommand } from "@aws-sdk/client-lambda";
import { expect, onTestFinished, test, vi } from "vitest";
import { lambdaClient } from "../../src/compute/lambda-client.ts";
import { durableRun } from "../../src/platform/cloud/durable-run.ts";
import { runSegmentFrom } from "../../src/platform/cloud/segment-report.ts";
import type { EmulatedBackend } from "../../src/platform/local/emulated.ts";
import { openComputeBackend } from "../../src/platform/local/registry.ts";
import { accessTo } from "../../src/platform/local/s3-access.ts";
import { createRun } from "../../src/platform/training/create-run.ts";
import { readHistory } from "../../src/run/finish.ts";
import { resolveSpec } from "../../src/run/resolve-spec.ts";
import { readResult } from "../../src/run/stored-end.ts";
import { eventually } from "../eventually.ts";
import { collector, mlflow, type Span, spansOf } from "../reporters/collector.ts";
import { deployOrchestrator } from "./deploy-orchestrator.ts";
import { runOn, smallRidge, temporaryHome } from "./workplace.ts";

/** A second and a half of rounds: what is left of a segment saves and evaluates. */
const segmentMs = 31_500;

/** Slow enough to be caught in its middle. */
const slow = {
  ...smallRidge,
  wait: "all",
  workers: 2,
  stop: { rounds: 40, tolerance: 0 },
  weather: { model: "exponential", meanMs: 60 },
};

/** Such a run over the local Lambda, and a server that it is told to. */
async function slowRun(home: string, other: string) {
  const direct = await runOn("simulated", other, slow);
  const server = await collector(keepingMlflow());
  onTestFinished(() => server.close());
  const spec = resolveSpec({ ...slow, report: ["otlp", "mlflow"] });
  const backend = (await openComputeBackend("emulated", { home, spec })) as EmulatedBackend;
  onTestFinished(() => backend.close());
  const { run } = await createRun(spec, backend);
  const variables = {
    OTEL_EXPORTER_OTLP_ENDPOINT: server.address,
    MLFLOW_TRACKING_URI: server.address,
    // Rounds are sent soon after they ended, so that some are before the end that nobody sees.
    OTEL_BSP_SCHEDULE_DELAY: "20",
  };
  return {
    ...{ backend, run, variables, digest: direct.result.weightsDigest },
    spans: () => server.taken.filter(({ path }) => path === "/v1/traces").flatMap(spansOf),
    bodies: (end: string) =>
      server.taken
        .filter(({ path }) => path.endsWith(end))
        .map(({ body }) => JSON.parse(body.toString("utf8"))),
  };
}

const allRounds = Array.from({ length: slow.stop.rounds }, (_, i) => i);

/** One trace of all rounds, in which no span is twice and each is below another; its root's id. */
function checkWhole(spans: readonly Span[]): string {
  const ids = new Set(spans.map(({ id }) => id));
  expect(ids.size).toBe(spans.length);
  expect(new Set(spans.map(({ trace }) => trace)).size).toBe(1);
  const roots = spans.filter(({ parent }) => parent === "");
  expect(roots).toHaveLength(1);
  const rounds = spans.flatMap(({ name }) => /^round (\d+)$/.exec(name)?.[1] ?? []);
  expect(rounds.map(Number)).toEqual(allRounds);
  for (const { parent, from, to } of spans)
    expect([parent === "" || ids.has(parent), to >= from]).toEqual([true, true]);
  return roots[0]!.id;
}

/** One run of MLflow, with each round's numbers once, that has ended. */
function checkMlflow(bodies: (end: string) => { readonly [name: string]: unknown }[]): void {
  expect(bodies("runs/create")).toHaveLength(1);
  const metrics = bodies("runs/log-batch").flatMap(
    (batch) => (batch.metrics ?? []) as { readonly key: string; readonly step: number }[],
  );
  const steps = metrics.filter(({ key }) => key === "objective").map(({ step }) => step);
  expect(steps).toEqual(allRounds);
  expect(bodies("runs/update").at(-1)).toMatchObject({ status: "FINISHED" });
}

test("an orchestrator that is killed has sent whole spans; the next one tells it all", async () => {
  await using home = await temporaryHome();
  await using other = await temporaryHome();
  const { backend, run, variables, digest, spans, bodies } = await slowRun(home.path, other.path);
  await deployOrchestrator(backend, variables);
  await invokedLater(backend, run);
  await eventually(() => spans().length > 0, "the first rounds are sent");
  await killOrchestrator(backend);
  const sent = spans();
  const ended = async () => (await readResult(backend.store, run))?.rounds === slow.stop.rounds;
  await eventually(ended, "the next one comes to the end");
  await eventually(() => bodies("runs/update").length > 0, "it is told");
  expect((await readResult(backend.store, run))!.weightsDigest).toBe(digest);
  const history = await readHistory(backend.store, run);
  expect(history.filter(({ type }) => type === "resumed")).toHaveLength(1);
  const told = spans().slice(sent.length);
  const root = checkWhole(told);
  checkMlflow(bodies);
  const before = new Set(sent.map(({ id }) => id));
  expect(before.size).toBe(sent.length);
  const after = new Set(told.map(({ id }) => id));
  for (const { id, parent, from, to } of sent) {
    expect(parent === root || before.has(parent)).toBe(true);
    // A round that was not saved yet is asked for again: its tasks' spans stay below it.
    expect([after.has(id) || after.has(parent), to >= from]).toEqual([true, true]);
  }
});

test("a durable execution in segments is one trace, and one run of MLflow", async () => {
  await using home = await temporaryHome();
  await using other = await temporaryHome();
  const { backend, run, variables, digest, spans, bodies } = await slowRun(home.path, other.path);
  for (const [name, value] of Object.entries({ ...variables, ...backend.emulator().environment }))
    vi.stubEnv(name, value);
  onTestFinished(() => void vi.unstubAllEnvs());
  const workers = { worker: "worker:1", networkWorker: "network-worker:1" };
  let segments = 0;
  const handler = durableRun((run, owner, _remainingMs, toldMs) => {
    segments++;
    const remainingMs = () => segmentMs;
    return runSegmentFrom(backend.store, {
      ...{ run, workers, owner, goesOn: true, toldMs, remainingMs },
    });
  });
  await LocalDurableTestRunner.setupTestEnvironment({ skipTime: false });
  onTestFinished(() => LocalDurableTestRunner.teardownTestEnvironment());
  const runner = new LocalDurableTestRunner({ handlerFunction: handler });
  const execution = await runner.run({ payload: { run } });
  expect(execution.getResult()).toMatchObject({ stop: "done", weightsDigest: digest });
  expect(segments).toBeGreaterThan(1);
  checkWhole(spans());
  checkMlflow(bodies);
});

/** An MLflow server that finds again the run that it made. */
function keepingMlflow(): Parameters<typeof collector>[0] {
  let isMade = false;
  return (taken) => {
    if (taken.path.endsWith("runs/create")) isMade = true;
    if (isMade && taken.path.endsWith("runs/search"))
      return { status: 200, body: { runs: [{ info: { run_id: "abc" } }] } };
    return mlflow(taken);
  };
}

/** As a stage starts it: nobody waits, and what fails is tried again. */
async function invokedLater(backend: EmulatedBackend, run: string): Promise<void> {
  const client = lambdaClient(accessTo(backend.emulator().environment).lambda);
  await client.send(
    new InvokeCommand({
      FunctionName: "orchestrator",
      InvocationType: "Event",
      Payload: JSON.stringify({ run }),
    }),
  );
  client.destroy();
}

async function killOrchestrator({ emulator }: EmulatedBackend): Promise<void> {
  for (const { pid, state, ...one } of await emulator().environments()) {
    if (one.function !== "orchestrator" || state !== "busy") continue;
    process.kill(pid, "SIGKILL");
    await eventually(() => !isThere(pid), "it is gone");
  }
}

function isThere(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
