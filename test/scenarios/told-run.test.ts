import { InvokeCommand } from "@aws-sdk/client-lambda";
import { expect, onTestFinished, test } from "vitest";
import { lambdaClient } from "../../src/compute/lambda-client.ts";
import type { EmulatedBackend } from "../../src/platform/local/emulated.ts";
import { openComputeBackend } from "../../src/platform/local/registry.ts";
import { accessTo } from "../../src/platform/local/s3-access.ts";
import { createRun } from "../../src/platform/training/create-run.ts";
import type { ArrivalEvent } from "../../src/ports/events.ts";
import { readHistory } from "../../src/run/finish.ts";
import { resolveSpec } from "../../src/run/resolve-spec.ts";
import { collector, mlflow, spansOf } from "../reporters/collector.ts";
import { deployOrchestrator } from "./deploy-orchestrator.ts";
import { runOn, smallRidge, temporaryHome } from "./workplace.ts";

const given = { ...smallRidge, wait: "all", stop: { rounds: 4, tolerance: 0 } };
const reported = { ...given, report: ["otlp", "mlflow", "csv"] };
/** The same, and what it answers. */
async function orchestrated(backend: EmulatedBackend, run: string, variables: object) {
  await deployOrchestrator(backend, variables);
  const client = lambdaClient(accessTo(backend.emulator().environment).lambda);
  const { Payload } = await client.send(
    new InvokeCommand({ FunctionName: "orchestrator", Payload: JSON.stringify({ run }) }),
  );
  client.destroy();
  return JSON.parse(Buffer.from(Payload!).toString()) as Record<string, unknown>;
}

test("an invocation ends with its run told; a dead collector changes nothing", async () => {
  await using home = await temporaryHome();
  await using other = await temporaryHome();
  const direct = await runOn("simulated", other.path, given);
  const server = await collector(mlflow);
  onTestFinished(() => server.close());
  const gone = await collector();
  await gone.close();
  const spec = resolveSpec(reported);
  const backend = (await openComputeBackend("emulated", {
    home: home.path,
    spec,
  })) as EmulatedBackend;
  try {
    const { run } = await createRun(spec, backend);
    const report = await orchestrated(backend, run, {
      OTEL_EXPORTER_OTLP_ENDPOINT: server.address,
      MLFLOW_TRACKING_URI: server.address,
    });
    const { weightsDigest } = direct.result;
    expect(report).toMatchObject({ stop: "done", rounds: 4, weightsDigest });
    expect(report.toldMs).toBeGreaterThan(0);
    const spans = server.taken.filter(({ path }) => path === "/v1/traces").flatMap(spansOf);
    expect(spans.filter(({ parent }) => parent === "").map(({ name }) => name)).toEqual([
      `run ${run}`,
    ]);
    expect(spans.filter(({ name }) => /^round \d$/.test(name))).toHaveLength(4);
    const ids = new Set(spans.map(({ id }) => id));
    for (const { parent } of spans) expect(parent === "" || ids.has(parent)).toBe(true);
    const paths = server.taken.map(({ path }) => path);
    expect(paths).toContain("/api/2.0/mlflow/runs/update");
    const arrivals = (await readHistory(backend.store, run)).filter(
      (event) => event.type === "arrival" && event.usage.phases !== undefined,
    ) as ArrivalEvent[];
    expect(arrivals.length).toBeGreaterThan(8);
    for (const { usage } of arrivals)
      expect(usage.phases!.computeMs).toBeLessThanOrEqual(usage.phases!.workerMs);
    expect(paths).toContain(
      "/api/2.0/mlflow-artifacts/artifacts/7/abc/artifacts/model.safetensors",
    );

    const { run: unheard } = await createRun(spec, backend);
    const told = await orchestrated(backend, unheard, {
      OTEL_EXPORTER_OTLP_ENDPOINT: gone.address,
      MLFLOW_TRACKING_URI: gone.address,
    });
    expect(told).toMatchObject({ stop: "done", rounds: 4, weightsDigest });
  } finally {
    await backend.close();
  }
});
