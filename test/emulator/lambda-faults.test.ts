import { spawnSync } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { InvokeCommand, type LambdaClient } from "@aws-sdk/client-lambda";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { lambdaClient } from "../../src/compute/lambda-client.ts";
import { startEmulator } from "../../src/emulator/emulator.ts";
import { startEmulatorProcess } from "../../src/emulator/emulator-process.ts";
import type { Emulator, EmulatorOptions } from "../../src/emulator/users.ts";
import { accessTo } from "../../src/platform/local/s3-access.ts";
import { eventually } from "../eventually.ts";

const directory = fileURLToPath(new URL("../fixtures/lambda", import.meta.url));
const base = { directory, handler: "worker.handler", memoryMb: 256, timeoutMs: 60_000 };
const worker = { ...base, tenancy: "PER_TENANT" as const };

let home: string;
const open: { close(): Promise<void> | void }[] = [];

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), "kofn-faults-"));
});
afterEach(async () => {
  for (const one of open.splice(0)) await one.close();
});
afterAll(() => rm(home, { recursive: true, force: true }));

let places = 0;
async function start(more: Partial<EmulatorOptions> = {}) {
  const emulator = await startEmulator({
    home: join(home, String(places++)),
    functions: { worker },
    ...more,
  });
  open.push(emulator);
  return { emulator, invoke: invoker(emulator) };
}

function invoker(emulator: Pick<Emulator, "environment">) {
  const client: LambdaClient = lambdaClient(accessTo(emulator.environment).lambda);
  open.push({ close: () => client.destroy() });
  return async (tenant: string, event = {}, context = {}, FunctionName = "worker") => {
    const reply = await client.send(
      new InvokeCommand({
        FunctionName,
        TenantId: tenant,
        Payload: Buffer.from(JSON.stringify(event)),
        ClientContext: Buffer.from(JSON.stringify(context)).toString("base64"),
      }),
    );
    return { ...reply, value: JSON.parse(Buffer.from(reply.Payload!).toString("utf8")) };
  };
}

const isAlive = (pid: number) => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

test("an environment killed at any instant is answered, and its slot works again", async () => {
  const { emulator, invoke } = await start();
  for (const afterMs of [0, 20, 60, 120, 180, 250, 320]) {
    const work = invoke("a", { sleepMs: 200 });
    await sleep(afterMs);
    for (const { pid } of await emulator.environments()) process.kill(pid, "SIGKILL");
    const { FunctionError, value } = await work;
    if (FunctionError !== undefined) expect(value.errorType).toBe("Runtime.ExitError");
    else expect(value.echo).toEqual({ sleepMs: 200 });
    const again = await invoke("a", { again: afterMs });
    // The kill may have met an idle environment whose end was not known yet.
    if (again.FunctionError === undefined) expect(again.value.echo).toEqual({ again: afterMs });
  }
  await eventually(async () => (await invoke("a")).FunctionError === undefined, "the slot works");
});

test("spares are kept once a tenant needs another environment, and not before", async () => {
  const { emulator, invoke } = await start();
  const states = async () => (await emulator.environments()).map(({ state }) => state).sort();
  await invoke("a");
  await invoke("b");
  // Twice what it waits for the end of a burst.
  await sleep(600);
  expect(await states()).toEqual(["idle", "idle"]);
  const busy = invoke("a", { sleepMs: 50 });
  await invoke("a");
  await busy;
  await eventually(async () => (await states()).includes("spare"), "a spare is kept");
});

test("more memory than the function has is Runtime.OutOfMemory", async () => {
  const { invoke } = await start();
  const reply = await invoke("m", { hoardMb: 400 });
  expect(reply.value.errorType).toBe("Runtime.OutOfMemory");
  expect((await invoke("m")).value.served).toBe(1);
});

test("weather: late by the delay, and the environment is busy meanwhile, no other", async () => {
  // The second round's is for ever, as tests go: whoever waited for it would be seen.
  const { emulator, invoke } = await start({
    functions: { worker: { ...worker, timeoutMs: 900_000 } },
    weather: { model: "trace", delaysMs: [[300], [800_000, 0]] },
  });
  const at = (slot: number, round: number) => ({ custom: { task: "t", slot, round } });
  const billed = async () => (await emulator.bill()).lambda.billedMs;
  await invoke("1", {}, at(1, 0));
  const before = await billed();
  await invoke("0", {}, at(0, 0));
  expect((await billed()) - before).toBeGreaterThanOrEqual(299);
  const late = invoke("0", {}, at(0, 1));
  await eventually(async () => (await used()).includes("0 busy"), "it is under way");
  await invoke("1", {}, at(1, 1));
  expect(await used()).toEqual(["0 busy", "1 idle"]);
  for (const { pid, state } of await emulator.environments())
    if (state === "busy") process.kill(pid, "SIGKILL");
  expect((await late).value.errorType).toBe("Runtime.ExitError");

  async function used(): Promise<string[]> {
    const all = (await emulator.environments()).filter(({ state }) => state !== "spare");
    return all.map(({ tenant, state }) => `${tenant} ${state}`).sort();
  }
});

test("weather: dead slots fail, hangs time out, duplicates run twice", async () => {
  const { emulator, invoke } = await start({
    functions: { worker, hasty: { ...worker, timeoutMs: 400 } },
    weather: { model: "calm", deadSlots: [1] },
  });
  const at = (slot: number, task: string) => ({ custom: { task, slot, round: 0 } });
  expect((await invoke("1", {}, at(1, "t"))).value.errorType).toBe("Runtime.ExitError");
  expect((await invoke("0", {}, at(0, "t"))).FunctionError).toBeUndefined();
  await emulator.setWeather({ model: "calm", hangs: 1 });
  const hung = await invoke("0", {}, at(0, "u"), "hasty");
  expect(hung.value.errorMessage).toMatch(/timed out after 0\.40 s/);
  await emulator.setWeather({ model: "calm", duplicates: 1 });
  const before = (await emulator.bill()).lambda.invocations;
  await invoke("2", {}, at(2, "v"));
  await eventually(
    async () => (await emulator.bill()).lambda.invocations === before + 2,
    "both deliveries are billed",
  );
});

test("an accepted event is run although the emulator is killed at once", async () => {
  const place = join(home, String(places++));
  const first = await startEmulatorProcess({ home: place, functions: { worker } });
  const invoke = invoker(first);
  const { value } = await invoke("a", {});
  const client = lambdaClient(accessTo(first.environment).lambda);
  open.push({ close: () => client.destroy() });
  const accepted = await client.send(
    new InvokeCommand({
      FunctionName: "worker",
      TenantId: "e",
      InvocationType: "Event",
      Payload: Buffer.from("{}"),
    }),
  );
  expect(accepted.StatusCode).toBe(202);
  await first.kill();
  await eventually(() => !isAlive(value.pid), "environments end with a killed emulator");
  const second = await first.restart();
  open.push(second);
  expect(second.endpoints).toEqual(first.endpoints);
  await eventually(
    async () => (await second.bill()).lambda.invocations > 0,
    "the accepted event runs after the restart",
  );
  expect((await invoke("a", {})).value.served).toBe(1);
});

test("an environment that never pauses does not outlive a killed emulator", async () => {
  const place = join(home, String(places++));
  const emulator = await startEmulatorProcess({ home: place, functions: { worker } });
  const invoke = invoker(emulator);
  const { pid } = (await invoke("a", {})).value;
  const cut = invoke("a", { spin: true }).catch((thrown: Error) => thrown);
  const states = async () => (await emulator.environments()).map(({ state }) => state);
  await eventually(async () => (await states()).includes("busy"), "it is under way");
  await emulator.kill();
  expect(await cut).toBeInstanceOf(Error);
  await eventually(() => !isAlive(pid), "the environment has ended");
});

test("idle environments end after their time, and the bill counts what ran", async () => {
  const hasty = { ...worker, idleMs: 200, spares: 0 };
  const { emulator, invoke } = await start({ functions: { worker: hasty } });
  const { value } = await invoke("a", {});
  await eventually(() => !isAlive(value.pid), "the idle environment has ended");
  expect(await emulator.environments()).toEqual([]);
  await invoke("a", {});
  const { lambda } = await emulator.bill();
  expect(lambda).toMatchObject({ invocations: 2, coldStarts: 2, throttles: 0, bytesIn: 4 });
  expect(lambda.billedMs).toBeGreaterThan(20);
  expect(lambda.costUsd).toBeGreaterThan(2 * 0.2e-6);
});

const shellRuntime = `
api="http://$AWS_LAMBDA_RUNTIME_API/2018-06-01/runtime/invocation"
while event=$(curl -sS -D headers.$$ "$api/next"); do
  id=$(tr -d '\\r' <headers.$$ | sed -n 's/^lambda-runtime-aws-request-id: //Ip')
  tenant=$(tr -d '\\r' <headers.$$ | sed -n 's/^lambda-runtime-aws-tenant-id: //Ip')
  curl -sS -o /dev/null -d "{\\"tenant\\":\\"$tenant\\",\\"event\\":$event}" "$api/$id/response"
done`;
const hasCurl = spawnSync("curl", ["--version"]).status === 0;

test.skipIf(!hasCurl)("another runtime can drive an environment: a shell with curl", async () => {
  const workDirectory = await mkdtemp(join(home, "shell-"));
  const bootstrap = ["/bin/sh", "-c", shellRuntime];
  const { invoke } = await start({
    functions: { worker: { ...worker, directory: workDirectory, bootstrap } },
  });
  for (const round of [1, 2])
    expect((await invoke("q", { round })).value).toEqual({ tenant: "q", event: { round } });
  const large = { text: "x".repeat(100_000) };
  expect((await invoke("q", large)).value.event).toEqual(large);
});

test("pages in a browser and other hosts are refused", async () => {
  const { emulator } = await start();
  const url = `${emulator.endpoints.lambda}/2015-03-31/functions/worker/invocations`;
  for (const headers of [
    { origin: "https://example.com" },
    { "sec-fetch-site": "cross-site" },
    { "x-amz-tenant-id": "a", origin: "null" },
  ]) {
    const reply = await fetch(url, { method: "POST", body: "{}", headers });
    expect(reply.status).toBe(403);
  }
  expect((await emulator.bill()).lambda.invocations).toBe(0);
});

test("the weather leaves functions without tenants alone", async () => {
  const weather = { model: "calm", failures: 1 };
  const { emulator } = await start({ functions: { worker: base }, weather });
  const client = lambdaClient(accessTo(emulator.environment).lambda);
  open.push({ close: () => client.destroy() });
  const reply = await client.send(
    new InvokeCommand({ FunctionName: "worker", Payload: Buffer.from('{"a":1}') }),
  );
  expect(reply.FunctionError).toBeUndefined();
  const text = Buffer.from(reply.Payload!).toString("utf8");
  expect(JSON.parse(text)).toMatchObject({ echo: { a: 1 } });
});
