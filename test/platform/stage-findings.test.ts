import { join } from "node:path";
import { afterEach, expect, test, vi } from "vitest";
import { lambdaClient, stopFunctions } from "../../src/compute/lambda-client.ts";
import { startEmulator } from "../../src/emulator/emulator.ts";
import { openDeploymentHome } from "../../src/platform/cloud/deployment-home.ts";
import { spendingLedger } from "../../src/platform/cloud/spending-ledger.ts";
import { accessTo } from "../../src/platform/local/s3-access.ts";
import { stageFindings } from "../../src/platform/training/stage-findings.ts";
import { createBucket, s3Client } from "../../src/storage/s3.ts";
import { kofnProcess } from "../cli/fixtures.ts";
import { temporaryHome } from "../scenarios/workplace.ts";

afterEach(() => vi.unstubAllEnvs());

const config = {
  directory: join(import.meta.dirname, "../fixtures/lambda"),
  ...{ handler: "worker.handler", memoryMb: 256, timeoutMs: 20_000, spares: 0 },
};

/** An account with this limit and two stages, of which one has a reservation. */
async function account(concurrency: number, reserved?: number, dailyUsd = 50) {
  const home = await temporaryHome();
  const names = ["dev-worker", "dev-network", "dev-orchestrator", "other-worker"];
  const functions = Object.fromEntries(names.map((name) => [name, config]));
  if (reserved !== undefined)
    functions["other-worker"] = { ...config, reservedConcurrency: reserved } as never;
  const emulator = await startEmulator({ home: home.path, functions, concurrency });
  for (const [name, value] of Object.entries(emulator.environment)) vi.stubEnv(name, value);
  const outputs = {
    ...{ stage: "dev", bucket: "data-of-dev", worker: "dev-worker" },
    ...{ networkWorker: "dev-network", orchestrator: "dev-orchestrator:3" },
    dailyUsd,
  };
  vi.stubEnv("SST_RESOURCE_Kofn", JSON.stringify(outputs));
  await createBucket(s3Client(accessTo(emulator.environment).s3), outputs.bucket);
  return {
    emulator,
    async [Symbol.asyncDispose]() {
      await emulator.close();
      await home[Symbol.asyncDispose]();
    },
  };
}

test.each([
  [10, undefined, 9],
  [50, undefined, 49],
  [400, 300, 99],
  [1_000, 900, 99],
])(
  "an account of %i, with %s reserved by another stage, has room for %i workers",
  async (limit, reserved, room) => {
    await using _ = await account(limit, reserved);
    const findings = await stageFindings("dev");
    const concurrency = findings.find(({ what }) => what === "concurrency")!;
    expect(concurrency.found).toMatch(new RegExp(`^${limit} in this account, ${room} for workers`));
    expect(concurrency.works).toBe(limit === 1_000);
    const ask = /request-service-quota-increase --service-code lambda --quota-code L-B99A9384/;
    if (limit < 1_000) expect(concurrency.remedy).toMatch(ask);
    const others = findings.filter((one) => one !== concurrency);
    expect(others.map(({ what, works }) => [what, works])).toEqual([
      ["bucket", true],
      ["dollars today", true],
      ["dev-worker", true],
      ["dev-network", true],
      ["dev-orchestrator", true],
    ]);
  },
);

test("what the kill switch took is told with the command that gives it back", async () => {
  await using stopped = await account(1_000);
  const client = lambdaClient(accessTo(stopped.emulator.environment).lambda);
  await stopFunctions(["dev-worker"], client);
  client.destroy();
  const findings = await stageFindings("dev");
  expect(findings.filter(({ works }) => !works)).toEqual([
    expect.objectContaining({ what: "dev-worker", remedy: "kofn restore --stage dev" }),
  ]);
});

test("a function that is gone, and keys of nobody's, are findings with a remedy", async () => {
  await using gone = await account(1_000);
  await gone.emulator.remove("dev-worker");
  vi.stubEnv("AWS_SECRET_ACCESS_KEY", "of somebody else");
  const denied = await stageFindings("dev");
  expect(denied.every(({ works }) => !works)).toBe(true);
  vi.stubEnv("AWS_SECRET_ACCESS_KEY", gone.emulator.environment.AWS_SECRET_ACCESS_KEY!);
  const findings = await stageFindings("dev");
  expect(findings.filter(({ works }) => !works)).toEqual([
    expect.objectContaining({ remedy: expect.stringMatching(/npx sst deploy --stage dev/) }),
  ]);
});

test("what all runs of a stage have spent today stands beside its cap", async () => {
  await using _ = await account(1_000, undefined, 5);
  const { store } = openDeploymentHome("dev");
  const noon = Date.parse("2026-11-30T12:00:00Z");
  const today = async () => (await stageFindings("dev", noon))[1];
  expect(await today()).toMatchObject({ works: true, found: "$0 of $5 spent or reserved" });
  const ledger = spendingLedger(store, { run: "a", capUsd: 5 });
  await ledger.reserve("2026-11-30", { leastUsd: 5, mostUsd: 5 });
  expect(await today()).toMatchObject({
    ...{ works: false, found: "$5.00 of $5 spent or reserved" },
    remedy: expect.stringContaining("KOFN_DAILY_USD"),
  });
});

test("kofn doctor --stage as a process: a line for each finding, exit 0 or 3", async () => {
  await using place = await account(1_000);
  await using home = await temporaryHome();
  const { SST_RESOURCE_Kofn } = process.env;
  const env = { ...place.emulator.environment, SST_RESOURCE_Kofn };
  const doctor = (...more: string[]) =>
    kofnProcess({ home: home.path, env }, "doctor", "--stage", "dev", ...more).ended;
  const well = await doctor();
  expect(
    well.out
      .trim()
      .split("\n")
      .map((line) => line.replace(/:.*/, "")),
  ).toEqual([
    ...["ok    bucket", "ok    dollars today", "ok    concurrency"],
    ...["ok    dev-worker", "ok    dev-network", "ok    dev-orchestrator"],
  ]);
  expect(well.exitCode, well.err).toBe(0);
  const client = lambdaClient(accessTo(place.emulator.environment).lambda);
  await stopFunctions(["dev-orchestrator"], client);
  client.destroy();
  const ill = await doctor("--json");
  expect(ill.exitCode).toBe(3);
  const lines = ill.out
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as object);
  expect(lines).toContainEqual(
    expect.objectContaining({ what: "dev-orchestrator", remedy: "kofn restore --stage dev" }),
  );
  expect(lines.at(-1)).toEqual({ type: "result", works: false });
});
