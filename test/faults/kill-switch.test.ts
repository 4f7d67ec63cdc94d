import { join } from "node:path";
import {
  GetFunctionConcurrencyCommand,
  InvokeCommand,
  PutFunctionConcurrencyCommand,
} from "@aws-sdk/client-lambda";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { type LambdaClient, lambdaClient } from "../../src/compute/lambda-client.ts";
import { startEmulator } from "../../src/emulator/emulator.ts";
import type { Emulator } from "../../src/emulator/users.ts";
import { deployed } from "../../src/platform/cloud/deployed.ts";
import { kofn } from "../cli/fixtures.ts";
import { temporaryHome } from "../scenarios/workplace.ts";

const plain = {
  directory: join(import.meta.dirname, "../fixtures/lambda"),
  handler: "worker.handler",
  memoryMb: 256,
  timeoutMs: 30_000,
};
const worker = { ...plain, tenancy: "PER_TENANT", spares: 0 } as const;
const guarded = ["worker", "network-worker", "orchestrator"];

let home: Awaited<ReturnType<typeof temporaryHome>>;
let emulator: Emulator;
let client: LambdaClient;
beforeEach(async () => {
  home = await temporaryHome();
  emulator = await startEmulator({
    home: home.path,
    functions: {
      worker,
      "network-worker": worker,
      orchestrator: plain,
      "kill-switch": {
        directory: join(import.meta.dirname, "../../dist/functions-bundled/kill-switch"),
        ...deployed.killSwitch,
        environment: { KOFN_FUNCTIONS: guarded.join(",") },
      },
    },
  });
  for (const [name, value] of Object.entries(emulator.environment)) vi.stubEnv(name, value);
  client = lambdaClient();
});
afterEach(async () => {
  client.destroy();
  vi.unstubAllEnvs();
  await emulator.close();
  await home[Symbol.asyncDispose]();
});

async function call(name: string): Promise<string> {
  const tenant = name.endsWith("worker") ? { TenantId: "7" } : {};
  const command = new InvokeCommand({ FunctionName: name, Payload: Buffer.from("{}"), ...tenant });
  return client.send(command).then(
    ({ FunctionError: error }) => error ?? "served",
    ({ name: refusal, Reason: reason }) => `${refusal} ${reason}`,
  );
}

const reservedOf = async (name: string) => {
  const { ReservedConcurrentExecutions: reserved } = await client.send(
    new GetFunctionConcurrencyCommand({ FunctionName: name }),
  );
  return reserved;
};

function deployedWith(more: object): void {
  const outputs = {
    stage: "dev",
    bucket: "kofn",
    worker: "worker",
    orchestrator: "orchestrator:3",
  };
  const all = { ...outputs, networkWorker: "network-worker", ...more };
  vi.stubEnv("SST_RESOURCE_Kofn", JSON.stringify(all));
}

describe("the kill switch", () => {
  test.each([{}, { concurrency: 40 }])(
    "stops every function, and kofn restore lets them start again, with %j",
    async (reserved) => {
      deployedWith(reserved);
      expect(await call("kill-switch")).toBe("served");
      for (const name of guarded)
        expect(await call(name)).toBe(
          "TooManyRequestsException ReservedFunctionConcurrentInvocationLimitExceeded",
        );
      const ended = await kofn(home.path, "restore", "--stage", "dev", "--json");
      expect(ended.exitCode, ended.err).toBe(0);
      for (const name of guarded) expect(await call(name)).toBe("served");
      expect(await Promise.all(guarded.map(reservedOf))).toEqual([
        reserved.concurrency,
        undefined,
        undefined,
      ]);
    },
  );

  test("a stage that is not there is told as such", async () => {
    deployedWith({ worker: "gone" });
    const ended = await kofn(home.path, "restore", "--stage", "dev");
    expect(ended.exitCode).toBe(2);
    expect(ended.err).toContain("stage dev: a function of it is not there");
  });
});

test("reservations as Lambda takes them: none below 0, 100 left for the others", async () => {
  const put = (name: string, reserved: number) =>
    client.send(
      new PutFunctionConcurrencyCommand({
        FunctionName: name,
        ReservedConcurrentExecutions: reserved,
      }),
    );
  expect(await put("worker", 500)).toMatchObject({ ReservedConcurrentExecutions: 500 });
  await expect(put("orchestrator", 401)).rejects.toThrow("below its minimum value of [100]");
  await put("orchestrator", 400);
  await put("worker", 499);
  await expect(put("worker", -1)).rejects.toThrow("at least 0");
  await expect(put("nobody", 1)).rejects.toThrow("Function not found");
  expect(await Promise.all(guarded.map(reservedOf))).toEqual([499, undefined, 400]);
});
