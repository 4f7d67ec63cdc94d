import { InvokeCommand } from "@aws-sdk/client-lambda";
import { expect, test } from "vitest";
import { lambdaClient } from "../../src/compute/lambda-client.ts";
import { isOrchestrated } from "../../src/platform/cloud/lease.ts";
import type { EmulatedBackend } from "../../src/platform/local/emulated.ts";
import { openComputeBackend } from "../../src/platform/local/registry.ts";
import { accessTo } from "../../src/platform/local/s3-access.ts";
import { createRun } from "../../src/platform/training/start-run.ts";
import { resolveSpec } from "../../src/run/resolve-spec.ts";
import { runOn, smallRidge, temporaryHome } from "./workplace.ts";

test("the orchestrator function trains over the worker function, bundled as deployed", async () => {
  await using home = await temporaryHome();
  await using other = await temporaryHome();
  const given = { ...smallRidge, wait: "all", stop: { rounds: 6, tolerance: 0 } };
  const direct = await runOn("simulated", other.path, given);
  const spec = resolveSpec(given);
  const backend = (await openComputeBackend("emulated", {
    home: home.path,
    spec,
  })) as EmulatedBackend;
  try {
    const { run } = await createRun(spec, backend);
    const client = lambdaClient(accessTo(backend.emulator().environment).lambda);
    const { Payload, FunctionError } = await client.send(
      new InvokeCommand({ FunctionName: "orchestrator", Payload: JSON.stringify({ run }) }),
    );
    client.destroy();
    expect(await isOrchestrated(backend.store, run)).toBe(false);
    expect(FunctionError).toBeUndefined();
    expect(JSON.parse(Buffer.from(Payload!).toString())).toEqual({
      run,
      stop: "done",
      reason: "finished",
      rounds: 6,
      weightsDigest: direct.result.weightsDigest,
    });
  } finally {
    await backend.close();
  }
});
