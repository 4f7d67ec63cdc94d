import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { InvokeCommand } from "@aws-sdk/client-lambda";
import { PutBucketPolicyCommand, PutObjectCommand } from "@aws-sdk/client-s3";
import { afterAll, beforeAll, expect, test } from "vitest";
import { lambdaClient } from "../../src/compute/lambda-client.ts";
import { startEmulator } from "../../src/emulator/emulator.ts";
import { ownerArn } from "../../src/emulator/iam/identity.ts";
import { readRecord } from "../../src/journal/run-record.ts";
import { deployed } from "../../src/platform/cloud/deployed.ts";
import { readPreparation } from "../../src/platform/cloud/preparation.ts";
import { deployedRoles } from "../../src/platform/local/deployed-roles.ts";
import { bucket, bundleFolder } from "../../src/platform/local/paths.ts";
import { accessTo, ensureBucket } from "../../src/platform/local/s3-access.ts";
import { checkSpec } from "../../src/platform/training/check-spec.ts";
import type { Store } from "../../src/ports/store.ts";
import { resolveSpec } from "../../src/run/resolve-spec.ts";
import { createBucket, s3Client } from "../../src/storage/s3.ts";
import { kofnAt, kofnProcess } from "../cli/fixtures.ts";
import { temporaryHome } from "./workplace.ts";

/*
 * A stage that reads data in S3 by itself, as it is deployed: the person who starts a run may not
 * read one object of the data, nor a part that was made of them, and its run is the same to the bit
 * as one whose data a laptop has read.
 */

const rows = Array.from({ length: 240 }, (_, i) => {
  const [a, b, isGreen] = [Math.sin(i), Math.cos(3 * i), i % 2];
  const [first, second, y] = [a, b, 2 * a - b + isGreen].map((value) => value.toFixed(6));
  return `${first},${second},${isGreen ? "green" : "red"},${y}`;
});
const table = ["a,b,colour,y", ...rows].join("\n");
const given = {
  problem: "ridge",
  data: { source: "s3://measurements/2026/rows.csv", target: "y", test: 0.25 },
  workers: 4,
  encoding: "hadamard",
  wait: "all",
  stop: { rounds: 6, tolerance: 0 },
};

const functionNames = ["worker", "network-worker", "orchestrator", "preparer"] as const;
const variables = {
  KOFN_BUCKET: bucket,
  KOFN_WORKER: "worker",
  KOFN_NETWORK_WORKER: "network-worker",
};

/** The functions as deployed, each under its role. */
async function account(home: string) {
  const functions = functionNames.map(async (name) => {
    const about = name === "network-worker" ? "networkWorker" : name;
    const directory = await bundleFolder(name);
    const role = deployedRoles[about];
    return [name, { directory, ...deployed[about], role, environment: variables }] as const;
  });
  return startEmulator({ home, functions: Object.fromEntries(await Promise.all(functions)) });
}

let place: Awaited<ReturnType<typeof temporaryHome>>;
let emulator: Awaited<ReturnType<typeof account>>;
let store: Store;
let here: { home: string; cwd: string; env: NodeJS.ProcessEnv };

beforeAll(async () => {
  place = await temporaryHome();
  emulator = await account(join(place.path, "cloud"));
  const { environment } = emulator;
  store = await ensureBucket(accessTo(environment));
  const owner = s3Client(accessTo(environment).s3);
  await createBucket(owner, "measurements");
  for (const Key of ["2026/rows.csv", "2025/rows.csv"])
    await owner.send(new PutObjectCommand({ Bucket: "measurements", Key, Body: table }));
  const deny = (name: string, below: string) =>
    owner.send(
      new PutBucketPolicyCommand({
        Bucket: name,
        Policy: JSON.stringify({
          Version: "2012-10-17",
          Statement: {
            ...{ Effect: "Deny", Principal: { AWS: ownerArn }, Action: "s3:GetObject" },
            Resource: `arn:aws:s3:::${name}/${below}`,
          },
        }),
      }),
    );
  await deny("measurements", "*");
  await deny(bucket, "parts/*");
  owner.destroy();
  const folder = join(place.path, "project");
  await mkdir(join(folder, ".sst"), { recursive: true });
  const outputs = {
    ...{ stage: "dev", bucket, worker: "worker", orchestrator: "orchestrator" },
    ...{ preparer: "preparer", dataBuckets: ["measurements/2026"] },
  };
  await writeFile(join(folder, ".sst/outputs.json"), JSON.stringify(outputs));
  here = { home: join(place.path, "home"), cwd: folder, env: environment };
});
afterAll(async () => {
  await emulator.close();
  await place[Symbol.asyncDispose]();
});

async function started(name: string, spec: object) {
  await writeFile(join(here.cwd, `${name}.json`), JSON.stringify(spec));
  const args = ["run", `${name}.json`, "--name", name, "--json", "--stage", "dev"];
  return kofnProcess(here, ...args).ended;
}

test("no row passes through who starts the run, which is that of a laptop's data", async () => {
  const { exitCode, out, err } = await started("far", given);
  expect(exitCode, err).toBe(0);
  const result = JSON.parse(out.trim().split("\n").at(-1)!);
  expect(result).toMatchObject({ type: "result", stop: "done", rounds: 6 });
  const local = join(here.cwd, "rows.csv");
  await writeFile(local, table);
  const atHome = { ...given, data: { ...given.data, source: local }, weather: { model: "calm" } };
  await writeFile(join(here.cwd, "near.json"), JSON.stringify(atHome));
  const near = { ...here, home: join(place.path, "near"), env: {} };
  const simulated = await kofnAt(near, "simulate", "near.json", "--json");
  const there = JSON.parse(simulated.out.trim().split("\n").at(-1)!);
  expect(result.weightsDigest).toBe(there.weightsDigest);
  const record = await readRecord(store, "far");
  expect(record.sources).toEqual({
    "s3://measurements/2026/rows.csv": expect.stringContaining("s3://measurements/2026/rows.csv"),
  });
  expect(record.forecast).toMatchObject({ seconds: expect.any(Number) });
  expect(await readPreparation(store, "far")).toMatchObject({ end: "done" });
  expect(await readFile(result.report, "utf8")).toContain("far");
});

test("what a spec leaves open is planned there as well", async () => {
  const { wait: _all, encoding: _some, workers: _few, ...rest } = given;
  const { exitCode, err } = await started("open", { ...rest, workers: 4, wait: "auto" });
  expect(exitCode, err).toBe(0);
  expect((await readRecord(store, "open")).spec.auto).toBeUndefined();
});

test("what is wrong is told as if it had been read here", async () => {
  const absent = { ...given, data: { ...given.data, source: "s3://measurements/2026/none.csv" } };
  const missing = await started("missing", absent);
  expect([missing.exitCode, missing.err]).toEqual([2, expect.stringContaining("2026/none.csv")]);
  const target = await started("wrong", { ...given, data: { ...given.data, target: "z" } });
  expect([target.exitCode, target.err]).toEqual([2, expect.stringMatching(/data\.target.*z/)]);
  const taken = await started("far", given);
  expect([taken.exitCode, taken.err]).toEqual([2, expect.stringContaining("there already")]);
});

test("what no named folder holds is read here, which this person may not", async () => {
  const other = { ...given, data: { ...given.data, source: "s3://measurements/2025/rows.csv" } };
  const { exitCode, err } = await started("other", other);
  expect([exitCode, err]).toEqual([2, expect.stringContaining("2025/rows.csv")]);
});

test("a plan says what leaves S3 for this machine, and what it costs", async () => {
  const client = s3Client(accessTo(emulator.environment).s3);
  await createBucket(client, "open-rows");
  await client.send(new PutObjectCommand({ Bucket: "open-rows", Key: "a.csv", Body: table }));
  client.destroy();
  const open = { ...given, data: { ...given.data, source: "s3://open-rows/a.csv" } };
  await writeFile(join(here.cwd, "plan.json"), JSON.stringify(open));
  const { out, err } = await kofnAt(here, "plan", "plan.json", "--json");
  expect(JSON.parse(out.trim().split("\n").at(-1)!).egress, err).toEqual({
    bytes: table.length,
    dollars: expect.closeTo((table.length / 1e9) * 0.09, 12),
  });
  expect(out + err).toMatch(/egress +\S+ kB from S3 to this machine, .* KOFN_DATA_BUCKETS/);
});

test("an event that comes twice prepares once; a name stays whose it was", async () => {
  const client = lambdaClient(accessTo(emulator.environment).lambda);
  const spec = checkSpec(resolveSpec(given));
  const event = (request: string) => ({ request, run: "twice", spec, backend: "aws:dev" });
  const invoke = async (request: string) => {
    const Payload = JSON.stringify(event(request));
    const { FunctionError } = await client.send(
      new InvokeCommand({ FunctionName: "preparer", Payload }),
    );
    return FunctionError;
  };
  expect(await Promise.all([invoke("first"), invoke("first")])).toEqual([undefined, undefined]);
  // A third time, when all is done: it looks whose the run is, and reads nothing of the data.
  const { gets } = (await emulator.bill()).s3;
  expect(await invoke("first")).toBeUndefined();
  expect((await emulator.bill()).s3.gets - gets).toBeLessThanOrEqual(2);
  const { startedAt } = await readRecord(store, "twice");
  expect(await readPreparation(store, "twice")).toMatchObject({ request: "first", end: "done" });
  expect(await invoke("second")).toBeUndefined();
  expect(await readPreparation(store, "twice")).toMatchObject({
    ...{ request: "second", end: { code: "run-exists" } },
  });
  expect((await readRecord(store, "twice")).startedAt).toBe(startedAt);
  client.destroy();
});
