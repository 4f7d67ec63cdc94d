import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  DeleteBucketCommand,
  DeleteBucketPolicyCommand,
  PutBucketPolicyCommand,
  type S3Client,
} from "@aws-sdk/client-s3";
import { expect, test } from "vitest";
import { exitCodes } from "../../src/core/error-codes/error-codes.ts";
import type { RunError } from "../../src/core/errors.ts";
import { startEmulator } from "../../src/emulator/emulator.ts";
import { readCheckpoint } from "../../src/journal/checkpoint.ts";
import { readRecord } from "../../src/journal/run-record.ts";
import { runSegmentFrom } from "../../src/platform/cloud/segment-report.ts";
import { deployedRoles } from "../../src/platform/local/deployed-roles.ts";
import { bucket } from "../../src/platform/local/paths.ts";
import { accessTo, ensureBucket } from "../../src/platform/local/s3-access.ts";
import type { RunEvent } from "../../src/ports/events.ts";
import type { Store } from "../../src/ports/store.ts";
import { s3Client } from "../../src/storage/s3.ts";
import { kofnAt } from "../cli/fixtures.ts";
import { eventually } from "../eventually.ts";
import { temporaryHome } from "../scenarios/workplace.ts";
import { given, illCloud, undisturbed } from "./cloud.ts";
import { movableClock } from "./movable-clock.ts";

const spec = {
  ...given,
  strategy: "local-steps",
  compression: "sign",
  stop: { rounds: 6, tolerance: 0, patience: 30 },
};
const worker = { role: deployedRoles.worker };

test("a bucket policy that denies a prefix: the run stops within its patience, named", async () => {
  await using cloud = await illCloud({ worker });
  const client = s3Client(cloud.access.s3);
  const clock = movableClock();
  let denied: Promise<unknown> | null = null;
  let refusals = 0;
  const listen = (event: RunEvent) => {
    if (event.type === "round" && event.round === 3)
      denied ??= client.send(
        new PutBucketPolicyCommand({
          Bucket: bucket,
          Policy: JSON.stringify({
            Version: "2012-10-17",
            Statement: {
              Effect: "Deny",
              Principal: { AWS: "arn:aws:iam::000000000000:role/worker" },
              Action: "s3:PutObject",
              Resource: `arn:aws:s3:::${bucket}/runs/*/memory/*`,
            },
          }),
        }),
      );
    // Once every slot has been refused, nobody need wait for the patience to run out.
    if (event.type === "arrival" && event.fate === "lost" && ++refusals === 6)
      setImmediate(() => clock.skip(1000 * spec.stop.patience));
  };
  const { end, result } = await cloud.train({ spec, clock, listen });
  await denied;
  expect(end.stop).toMatchObject({
    kind: "unfinished",
    reason: expect.stringMatching(
      /s3:PutObject on resource: "\S+\/memory\/\S+" with an explicit deny in a resource-based/,
    ),
  });
  const store = await ensureBucket(cloud.access);
  const record = await readRecord(store, result.run);
  const checkpoint = await readCheckpoint<{ round: number }>(store, record.run);
  expect(checkpoint!.state.round).toBeGreaterThanOrEqual(3);
  await client.send(new DeleteBucketPolicyCommand({ Bucket: bucket }));
  const after = await cloud.train({ record });
  expect(after.result.weightsDigest).toBe(await undisturbed(spec));
  client.destroy();
});

/** Everything in the bucket, then the bucket itself, whatever is written meanwhile. */
async function removeBucket(
  client: S3Client,
  store: Store,
  whileEmpty: () => Promise<unknown> = async () => {},
): Promise<void> {
  for (let isGone = false; !isGone; ) {
    await store.removeAll!(await store.list(""));
    await whileEmpty();
    isGone = await client.send(new DeleteBucketCommand({ Bucket: bucket })).then(
      () => true,
      ({ name }: Error) => name !== "BucketNotEmpty",
    );
  }
}

test("a bucket that is removed: the run stops, and claims no checkpoint", async () => {
  await using cloud = await illCloud({ worker });
  const client = s3Client(cloud.access.s3);
  const store = await ensureBucket(cloud.access);
  let removed: Promise<unknown> | null = null;
  const listen = (event: RunEvent) => {
    if (event.type === "round" && event.round === 3) removed ??= removeBucket(client, store);
  };
  const long = { ...spec, stop: { ...spec.stop, rounds: 10_000 } };
  const thrown = await cloud.train({ spec: long, listen }).catch((error: Error) => error);
  await removed;
  expect(thrown).toMatchObject({
    code: "bucket-gone",
    kind: "unfinished",
    message: "bucket kofn: it is gone, and with it every checkpoint in it",
  });
  expect(exitCodes[(thrown as RunError).kind]).toBe(3);
  client.destroy();
});

test("the orchestrator of such a run gives up at once, and is not tried again", async () => {
  await using cloud = await illCloud({});
  const client = s3Client(cloud.access.s3);
  const store = await ensureBucket(cloud.access);
  await removeBucket(client, store);
  const report = await runSegmentFrom(store, {
    ...{ run: "a", owner: "execution", goesOn: true, workers: { worker: "worker" } },
    remainingMs: () => 900_000,
  });
  expect(report).toMatchObject({ stop: "bucket-gone", reason: expect.stringMatching(/is gone/) });
  client.destroy();
});

test("whoever watches a run of a stage is told that its bucket is gone: exit 3", async () => {
  await using home = await temporaryHome();
  const directory = join(import.meta.dirname, "../fixtures/lambda");
  const plain = { directory, handler: "worker.handler", memoryMb: 256, timeoutMs: 20_000 };
  const orchestrator = { ...plain, publish: true, durable: { executionTimeoutSeconds: 60 } };
  const emulator = await startEmulator({
    home: join(home.path, "cloud"),
    functions: { w: { ...plain, tenancy: "PER_TENANT" }, o: orchestrator },
  });
  try {
    const access = accessTo(emulator.environment);
    const client = s3Client(access.s3);
    const store = await ensureBucket(access);
    const outputs = { stage: "dev", bucket, worker: "w", orchestrator: "o:1" };
    mkdirSync(join(home.path, ".sst"));
    writeFileSync(join(home.path, ".sst/outputs.json"), JSON.stringify(outputs));
    writeFileSync(join(home.path, "spec.json"), JSON.stringify({ ...given, weather: undefined }));
    const place = { home: join(home.path, "home"), cwd: home.path, env: emulator.environment };
    const { promise: isWatched, resolve } = Promise.withResolvers<void>();
    const watched = kofnAt(place, "run", "spec.json", "--stage", "dev").finally(resolve);
    const look = async () => {
      await eventually(async () => (await emulator.bill()).lambda.invocations > 0, "it is started");
      const { gets } = (await emulator.bill()).s3;
      await eventually(async () => (await emulator.bill()).s3.gets > gets + 5, "it is watched");
    };
    await Promise.race([look(), isWatched]);
    await removeBucket(client, store, async () => {
      // Who looks between the two finds a bucket without the run: twice at least.
      const { gets } = (await emulator.bill()).s3;
      await eventually(async () => (await emulator.bill()).s3.gets > gets + 2, "it is looked for");
    });
    const { exitCode, err } = await watched;
    expect(err).toMatch(/stage dev: its bucket is not there any more: the run cannot go on/);
    expect(err).toMatch(/its checkpoint went with the bucket: start the run anew/);
    expect(exitCode).toBe(3);
    client.destroy();
  } finally {
    await emulator.close();
  }
});
