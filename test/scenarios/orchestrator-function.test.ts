import { InvokeCommand } from "@aws-sdk/client-lambda";
import { expect, test } from "vitest";
import { lambdaClient } from "../../src/compute/lambda-client.ts";
import { deployed } from "../../src/platform/cloud/deployed.ts";
import { isOrchestrated } from "../../src/platform/cloud/lease.ts";
import { deployedRoles } from "../../src/platform/local/deployed-roles.ts";
import type { EmulatedBackend } from "../../src/platform/local/emulated.ts";
import { bucket, bundleFolder } from "../../src/platform/local/paths.ts";
import { openComputeBackend } from "../../src/platform/local/registry.ts";
import { accessTo } from "../../src/platform/local/s3-access.ts";
import { createRun } from "../../src/platform/training/create-run.ts";
import { resolveSpec } from "../../src/run/resolve-spec.ts";
import { runOn, smallRidge, temporaryHome } from "./workplace.ts";

/** Six rounds as they are here, and where functions may do the same. */
async function sixRounds(home: string, other: string) {
  const given = { ...smallRidge, wait: "all", stop: { rounds: 6, tolerance: 0 } };
  const direct = await runOn("simulated", other, given);
  const spec = resolveSpec(given);
  const backend = (await openComputeBackend("emulated", { home, spec })) as EmulatedBackend;
  return { spec, direct, backend };
}

test("the orchestrator function trains over the worker function, bundled as deployed", async () => {
  await using home = await temporaryHome();
  await using other = await temporaryHome();
  const { spec, direct, backend } = await sixRounds(home.path, other.path);
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

test("a stage's cap of dollars a day stops a run, which a larger one lets go on", async () => {
  await using home = await temporaryHome();
  await using other = await temporaryHome();
  const { spec, direct, backend } = await sixRounds(home.path, other.path);
  const emulator = backend.emulator();
  const client = lambdaClient(accessTo(emulator.environment).lambda);
  const orchestratedUnder = async (run: string, dailyUsd: string) => {
    await emulator.deploy("orchestrator", {
      directory: await bundleFolder("orchestrator"),
      ...deployed.orchestrator,
      role: deployedRoles.orchestrator,
      environment: {
        ...{ KOFN_BUCKET: bucket, KOFN_DAILY_USD: dailyUsd },
        ...{ KOFN_WORKER: "worker:1", KOFN_NETWORK_WORKER: "network-worker:1" },
      },
    });
    const { Payload } = await client.send(
      new InvokeCommand({ FunctionName: "orchestrator", Payload: JSON.stringify({ run }) }),
    );
    return JSON.parse(Buffer.from(Payload!).toString()) as object;
  };
  try {
    const { run } = await createRun(spec, backend);
    // Enough for its own invocation, and not for all eight workers at once.
    expect(await orchestratedUnder(run, "0.03")).toMatchObject({
      stop: "interrupted",
      reason: expect.stringMatching(/^the stage's cap of \$0.03 a day: .* may cost up to \$/),
      rounds: 0,
    });
    const spent = await spentOf(backend);
    expect(spent.length).toBeGreaterThan(0);
    expect(Math.max(...spent)).toBeLessThanOrEqual(0.03);
    expect(await orchestratedUnder(run, "5")).toMatchObject({
      ...{ stop: "done", rounds: 6, weightsDigest: direct.result.weightsDigest },
    });
  } finally {
    client.destroy();
    await backend.close();
  }
});

async function spentOf({ store }: EmulatedBackend): Promise<number[]> {
  const spent: number[] = [];
  for (const key of await store.list("spending/")) {
    const entry = new TextDecoder().decode((await store.read(key))!);
    spent.push((JSON.parse(entry) as { totalUsd: number }).totalUsd);
  }
  return spent;
}
