import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { DeleteFunctionCommand } from "@aws-sdk/client-lambda";
import { afterEach, expect, test, vi } from "vitest";
import { lambdaClient } from "../../src/compute/lambda-client.ts";
import { readCheckpoint } from "../../src/journal/checkpoint.ts";
import { deployed } from "../../src/platform/cloud/deployed.ts";
import { deployedRoles } from "../../src/platform/local/deployed-roles.ts";
import type { EmulatedBackend } from "../../src/platform/local/emulated.ts";
import { bucket, bundleFolder } from "../../src/platform/local/paths.ts";
import { openComputeBackend } from "../../src/platform/local/registry.ts";
import { resolveSpec } from "../../src/run/resolve-spec.ts";
import { protocolVersion } from "../../src/tasks/protocol.ts";
import { kofn } from "../cli/fixtures.ts";
import { eventually } from "../eventually.ts";
import { withWorker } from "../faults/other-worker.ts";
import { runOn, smallRidge, temporaryHome } from "./workplace.ts";

afterEach(() => vi.unstubAllEnvs());

/** What SST says after a deployment. */
function stubOutputs(orchestratorVersion: number, workerVersion: number): void {
  const outputs = {
    ...{ stage: "dev", bucket: "kofn", worker: "worker", workerVersion: String(workerVersion) },
    orchestrator: `orchestrator:${orchestratorVersion}`,
  };
  vi.stubEnv("SST_RESOURCE_Kofn", JSON.stringify(outputs));
}

async function deployWorker({ emulator }: EmulatedBackend, directory: string) {
  const environment = { KOFN_BUCKET: bucket };
  const { worker: role } = deployedRoles;
  return emulator().deploy("worker", {
    ...deployed.worker,
    directory,
    role,
    environment,
    spares: 0,
  });
}

async function deployOrchestrator({ emulator }: EmulatedBackend) {
  return emulator().deploy("orchestrator", {
    ...deployed.orchestrator,
    directory: await bundleFolder("orchestrator"),
    role: deployedRoles.orchestrator,
    environment: { KOFN_BUCKET: bucket, KOFN_WORKER: "worker:2" },
  });
}

/** To the processes of workers, at work or warm: stopped, they hold up a run that waits for all. */
async function signalWorkers({ emulator }: EmulatedBackend, signal: "SIGSTOP" | "SIGCONT") {
  for (const { pid, tenant } of await emulator().environments())
    try {
      if (tenant !== null) process.kill(pid, signal);
    } catch (thrown) {
      // It has ended meanwhile.
      if ((thrown as NodeJS.ErrnoException).code !== "ESRCH") throw thrown;
    }
}

test("a stage deployed anew in the middle of a run: it keeps its versions", async () => {
  await using place = await temporaryHome();
  await using other = await temporaryHome();
  const { weather: _calm, ...given } = {
    ...smallRidge,
    workers: 2,
    wait: "all",
    stop: { rounds: 40, tolerance: 0 },
  };
  const weather = { model: "exponential", meanMs: 60 };
  const direct = await runOn("simulated", other.path, { ...given, weather });
  const done = { stop: "done", rounds: 40, weightsDigest: direct.result.weightsDigest };
  const spec = resolveSpec({ ...given, weather });
  const home = join(place.path, "cloud");
  const backend = (await openComputeBackend("emulated", { home, spec })) as EmulatedBackend;
  try {
    const path = join(place.path, "spec.json");
    await writeFile(path, JSON.stringify(given));
    for (const [name, value] of Object.entries(backend.emulator().environment))
      vi.stubEnv(name, value);
    const staged = (...args: string[]) => kofn(join(place.path, "home"), ...args, "--stage", "dev");
    const resultOf = (out: string) => JSON.parse(out.trim().split("\n").at(-1)!);
    stubOutputs(1, 1);
    const sequence = async () => (await readCheckpoint(backend.store, "held"))?.sequence ?? 0;
    // The other worker is built beforehand: the run must not be over by then.
    await withWorker(protocolVersion + 2, protocolVersion + 1, async ({ directory }) => {
      const watching = staged("run", path, "--name", "held");
      await eventually(async () => (await sequence()) > 0, "it has begun");
      await signalWorkers(backend, "SIGSTOP");
      expect(await deployWorker(backend, directory)).toBe("2");
      expect(await deployOrchestrator(backend)).toBe("2");
      stubOutputs(2, 2);
      const before = await sequence();
      await signalWorkers(backend, "SIGCONT");
      await eventually(async () => (await sequence()) > before, "it goes on");
      await staged("cancel", "held");
      await watching;
      const resumed = await staged("resume", "held", "--json");
      expect(resumed.err).toContain("held goes on with orchestrator:1, worker:1");
      expect(resultOf(resumed.out)).toMatchObject({ ...done, erasures: 0 });
    });

    // What was deployed last is as good as the first; the first is removed by somebody.
    expect(await deployWorker(backend, await bundleFolder("worker"))).toBe("3");
    const client = lambdaClient();
    const removed = { FunctionName: "orchestrator", Qualifier: "1" };
    await client.send(new DeleteFunctionCommand(removed));
    client.destroy();
    stubOutputs(1, 1);
    expect((await staged("run", path, "--name", "orphan")).err).toContain("is not there");
    stubOutputs(2, 3);
    const refused = await staged("resume", "orphan");
    expect(refused.exitCode).toBe(2);
    expect(refused.err).toContain(
      "orphan began with orchestrator:1, and that version is not there",
    );
    expect(refused.err).toContain("kofn resume orphan --stage dev --newest");
    const adopted = await staged("resume", "orphan", "--newest", "--json");
    expect(adopted.err).toContain("orphan goes on with orchestrator:2, worker:3");
    expect(resultOf(adopted.out)).toMatchObject(done);
  } finally {
    await backend.close();
  }
});

test("--newest is for stages alone", async () => {
  await using place = await temporaryHome();
  const { exitCode, err } = await kofn(place.path, "resume", "latest", "--newest");
  expect([exitCode, err]).toEqual([2, expect.stringContaining("--newest: only a run in a stage")]);
});
