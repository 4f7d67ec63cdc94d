import { createHash } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  GetDurableExecutionCommand,
  GetDurableExecutionHistoryCommand,
  InvokeCommand,
  ListDurableExecutionsByFunctionCommand,
  paginateGetDurableExecutionHistory,
  StopDurableExecutionCommand,
} from "@aws-sdk/client-lambda";
import { afterAll, expect, test } from "vitest";
import { lambdaClient } from "../../src/compute/lambda-client.ts";
import { startEmulator } from "../../src/emulator/emulator.ts";
import { type Beginning, openExecutions } from "../../src/emulator/lambda/executions.ts";
import type { Emulator } from "../../src/emulator/users.ts";
import { accessTo } from "../../src/platform/local/s3-access.ts";
import { eventually } from "../eventually.ts";
import { temporaryFolder } from "./s3-listener.ts";

const folder = temporaryFolder();
const open: Emulator[] = [];
afterAll(async () => {
  for (const one of open) await one.close();
  folder.remove();
});

const worker = {
  directory: join(import.meta.dirname, "../fixtures/lambda"),
  ...{ handler: "worker.handler", memoryMb: 256, timeoutMs: 20_000 },
};

async function started(place = "home") {
  const emulator = await startEmulator({
    home: join(folder.path, place),
    functions: {
      durable: { ...worker, durable: { executionTimeoutSeconds: 604_800 }, publish: true },
      plain: worker,
    },
    retryDelaysMs: [0, 0],
  });
  open.push(emulator);
  const client = lambdaClient(accessTo(emulator.environment).lambda);
  const begin = async (DurableExecutionName: string, event: object, InvocationType = "Event") => {
    const command = new InvokeCommand({
      ...{ FunctionName: "durable:1", DurableExecutionName },
      InvocationType: InvocationType as "Event",
      Payload: Buffer.from(JSON.stringify(event)),
    });
    return client.send(command).then(
      ({ StatusCode }) => StatusCode,
      ({ name }: Error) => name,
    );
  };
  const invocations = async () => (await emulator.bill()).lambda.invocations;
  return { emulator, client, begin, invocations };
}

test("of two at once under one name the first begins, and none after a restart", async () => {
  const directory = join(folder.path, "names");
  const about: Beginning = {
    ...{ name: "a", id: "1", functionName: "f", version: "1", input: "{}" },
    ...{ startMs: 0, timeoutSeconds: 60 },
  };
  const begin = async (more: Partial<Beginning> = {}) =>
    (await openExecutions(directory).begin({ ...about, ...more })).isNew;
  const executions = openExecutions(directory);
  const both = [executions.begin(about), executions.begin({ ...about, id: "2" })];
  expect(await Promise.all(both)).toMatchObject([
    { isNew: true, execution: { id: "1" } },
    { isNew: false, execution: { id: "1" } },
  ]);
  expect(await begin()).toBe(false);
  await expect(begin({ input: "[]" })).rejects.toMatchObject({ status: 409 });
  // What homes of earlier versions hold: a digest of the input alone.
  const digest = createHash("sha256").update("{}").digest("hex");
  writeFileSync(join(directory, "b.sha256"), digest);
  expect(await begin({ name: "b" })).toBe(false);
  await expect(begin({ name: "b", input: "[]" })).rejects.toMatchObject({ status: 409 });
});

test("the same name twice is one execution, over a restart as well", async () => {
  const first = await started();
  const twice = [first.begin("run-after-0", { run: 1 }), first.begin("run-after-0", { run: 1 })];
  expect(await Promise.all(twice)).toEqual([202, 202]);
  // Once another has been run after them, whatever they began has been as well.
  await eventually(async () => (await first.invocations()) >= 1, "the first name is run");
  expect(await first.begin("run-after-1", { run: 1 })).toBe(202);
  await eventually(async () => (await first.invocations()) >= 2, "the second name is run");
  expect(await first.invocations()).toBe(2);
  const other = first.begin("run-after-0", { run: 2 });
  expect(await other).toBe("DurableExecutionAlreadyStartedException");
  expect(await first.begin("a name", {})).toBe("InvalidParameterValueException");
  await first.emulator.close();
  const second = await started();
  expect(await second.begin("run-after-0", { run: 1 })).toBe(202);
  expect(await second.begin("run-after-2", { run: 1 })).toBe(202);
  await eventually(async () => (await second.invocations()) >= 1, "the new one is run");
  expect(await second.invocations()).toBe(1);
});

test("an invocation of no known type is refused, and does nothing", async () => {
  const { begin, invocations } = await started("types");
  expect(await begin("x", {}, "Sometimes")).toBe("InvalidParameterValueException");
  expect(await begin("x", {}, "RequestResponse")).toBe("InvalidParameterValueException");
  expect(await invocations()).toBe(0);
});

test("an execution is told of as it was: its input, invocations, result or error", async () => {
  const { client, begin, emulator } = await started("reads");
  expect(await begin("good", { a: 1 })).toBe(202);
  expect(await begin("bad", { throw: "no such luck" })).toBe(202);
  const FunctionName = "durable:1";
  const listed = async (more: object = {}) => {
    const command = new ListDurableExecutionsByFunctionCommand({ FunctionName, ...more });
    return (await client.send(command)).DurableExecutions ?? [];
  };
  await eventually(
    async () => (await listed({ Statuses: ["RUNNING"] })).length === 0,
    "both are over",
  );
  const [good, bad] = await listed();
  const about = { FunctionArn: "arn:aws:lambda:us-east-1:000000000000:function:durable:1" };
  expect([good, bad]).toMatchObject([
    { ...about, DurableExecutionName: "good", Status: "SUCCEEDED" },
    { ...about, DurableExecutionName: "bad", Status: "FAILED" },
  ]);
  expect(good!.EndTimestamp!.getTime()).toBeGreaterThanOrEqual(good!.StartTimestamp!.getTime());
  const names = async (more: object) => (await listed(more)).map((one) => one.DurableExecutionName);
  expect(await names({ ReverseOrder: true })).toEqual(["bad", "good"]);
  expect(await names({ DurableExecutionName: "bad" })).toEqual(["bad"]);
  expect(await names({ StartedAfter: new Date("2200-01-01") })).toEqual([]);
  expect(await names({ FunctionName: "durable" })).toEqual([]);
  const { DurableExecutionArn } = good!;
  const read = (DurableExecutionArn: string, more: object = {}) =>
    client.send(new GetDurableExecutionCommand({ DurableExecutionArn, ...more }));
  expect(await read(DurableExecutionArn!)).toMatchObject({
    ...{ Version: "1", InputPayload: '{"a":1}', Result: expect.stringContaining('"a":1') },
  });
  expect((await read(DurableExecutionArn!, { IncludeExecutionData: false })).Result).toBe(
    undefined,
  );
  expect(await read(bad!.DurableExecutionArn!)).toMatchObject({
    Error: { ErrorMessage: "no such luck" },
  });
  const pages = paginateGetDurableExecutionHistory(
    { client, pageSize: 2 },
    { DurableExecutionArn: bad!.DurableExecutionArn },
  );
  const events = [];
  for await (const { Events = [] } of pages) events.push(...Events);
  expect(events.map(({ EventType, EventId }) => `${EventId} ${EventType}`)).toEqual([
    "1 ExecutionStarted",
    "2 InvocationCompleted",
    "3 InvocationCompleted",
    "4 InvocationCompleted",
    "5 ExecutionFailed",
  ]);
  expect(events[0]!.ExecutionStartedDetails).toMatchObject({ ExecutionTimeout: 604_800 });
  const history = new GetDurableExecutionHistoryCommand({
    DurableExecutionArn,
    ReverseOrder: true,
  });
  expect((await client.send(history)).Events![0]).toMatchObject({
    EventType: "ExecutionSucceeded",
    ExecutionSucceededDetails: { Result: { Payload: expect.any(String) } },
  });
  const other = DurableExecutionArn!.replace("/good/", "/other/");
  await expect(read(other)).rejects.toMatchObject({ name: "ResourceNotFoundException" });
  await expect(listed({ FunctionName: "nobody" })).rejects.toMatchObject({
    name: "ResourceNotFoundException",
  });
  await expect(
    client.send(new StopDurableExecutionCommand({ DurableExecutionArn })),
  ).rejects.toMatchObject({ name: "NotImplemented", $metadata: { httpStatusCode: 501 } });
  await emulator.close();
});

test("every call of a durable function is an execution, and none of another", async () => {
  const { client } = await started("every call");
  const call = (more: object) =>
    client.send(
      new InvokeCommand({ FunctionName: "durable", Payload: Buffer.from("{}"), ...more }),
    );
  const { DurableExecutionArn } = await call({});
  const found = await client.send(new GetDurableExecutionCommand({ DurableExecutionArn }));
  expect(found).toMatchObject({ Status: "SUCCEEDED", Version: "$LATEST" });
  const named = { DurableExecutionName: "x", InvocationType: "Event" };
  const first = await call(named);
  expect((await call(named)).DurableExecutionArn).toBe(first.DurableExecutionArn);
  await expect(call({ ...named, FunctionName: "plain" })).rejects.toMatchObject({
    name: "InvalidParameterValueException",
  });
  expect((await call({ FunctionName: "plain" })).DurableExecutionArn).toBe(undefined);
});
