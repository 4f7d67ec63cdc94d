import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { lambdaCompute } from "../../src/compute/lambda.ts";
import { lambdaClient } from "../../src/compute/lambda-client.ts";
import { prices } from "../../src/limits.ts";
import type { Outcome } from "../../src/ports/compute.ts";
import { illCloud, undisturbed } from "./cloud.ts";

const directory = fileURLToPath(new URL("../fixtures/lambda", import.meta.url));

test("all starts are cold and take their time: metered, and the run ends the same", async () => {
  const weather = { model: "calm", coldStartMs: 200 };
  const worker = { recycleAfterCalls: 1, memoryMb: 1024 };
  await using cloud = await illCloud({ weather, worker });
  const { end, result } = await cloud.train();
  expect(end.stop.kind).toBe("done");
  expect(result.weightsDigest).toBe(await undisturbed());
  expect(end.totals).toMatchObject({ coldStarts: 9, invocations: 9, erasures: 0 });
  const { lambda } = await cloud.emulator.bill();
  expect(lambda).toMatchObject({ coldStarts: 9, invocations: 9 });
  const environmentsUsd = 9 * prices.usdPerTenantEnvironmentGb;
  expect(lambda.costUsd).toBeGreaterThan(environmentsUsd);
  expect(lambda.billedMs).toBeGreaterThan(9 * 100);
});

test("environments recycled in the middle of a run load their shard again", async () => {
  await using cloud = await illCloud({ worker: { recycleAfterCalls: 2 } });
  const { end, result } = await cloud.train();
  expect(end.stop.kind).toBe("done");
  expect(end.totals).toMatchObject({ coldStarts: 6, erasures: 0 });
  expect(result.weightsDigest).toBe(await undisturbed());
});

test("a reply above 6 MB is a loss with its reason, and one below it is whole", async () => {
  const worker = { directory, handler: "large.handler" };
  await using cloud = await illCloud({ worker });
  const client = lambdaClient(cloud.access.lambda);
  const compute = lambdaCompute<{ id: string; slot: number; bytes: number }, { zeros: Uint8Array }>(
    { functionName: "worker", run: "r", client },
  );
  const ask = (bytes: number) =>
    new Promise<Outcome<{ zeros: Uint8Array }>>((resolve) => {
      compute.start({ id: `of-${bytes}`, slot: 0, bytes }, (outcome) => resolve(outcome));
    });
  expect(await ask(6_500_000)).toEqual({
    kind: "lost",
    reason: expect.stringMatching(/Function\.ResponseSizeTooLarge.*exceeded maximum allowed/),
  });
  expect(await ask(6_000_000)).toMatchObject({ kind: "done" });
  await compute.close();
  client.destroy();
});
