import { join } from "node:path";
import { InvokeCommand } from "@aws-sdk/client-lambda";
import { afterAll, expect, test } from "vitest";
import { lambdaClient } from "../../src/compute/lambda-client.ts";
import { type Emulator, startEmulator } from "../../src/emulator/emulator.ts";
import { openExecutions } from "../../src/emulator/lambda/executions.ts";
import { accessTo } from "../../src/platform/local/s3-access.ts";
import { eventually } from "../eventually.ts";
import { temporaryFolder } from "./s3-listener.ts";

const folder = temporaryFolder();
const open: Emulator[] = [];
afterAll(async () => {
  for (const one of open) await one.close();
  folder.remove();
});

async function started(place = "home") {
  const emulator = await startEmulator({
    home: join(folder.path, place),
    functions: {
      plain: {
        directory: join(import.meta.dirname, "../fixtures/lambda"),
        ...{ handler: "worker.handler", memoryMb: 256, timeoutMs: 20_000 },
      },
    },
  });
  open.push(emulator);
  const client = lambdaClient(accessTo(emulator.environment).lambda);
  const begin = async (DurableExecutionName: string, event: object, InvocationType = "Event") => {
    const command = new InvokeCommand({
      ...{ FunctionName: "plain", DurableExecutionName },
      InvocationType: InvocationType as "Event",
      Payload: Buffer.from(JSON.stringify(event)),
    });
    return client.send(command).then(
      ({ StatusCode }) => StatusCode,
      ({ name }: Error) => name,
    );
  };
  const invocations = async () => (await emulator.bill()).lambda.invocations;
  return { emulator, begin, invocations };
}

test("of two at once under one name the first begins, and none after a restart", async () => {
  const directory = join(folder.path, "names");
  const payload = Buffer.from("{}");
  const begin = () => openExecutions(directory).begin("a", payload);
  const executions = openExecutions(directory);
  const both = [executions.begin("a", payload), executions.begin("a", payload)];
  expect(await Promise.all(both)).toEqual([true, false]);
  expect(await begin()).toBe(false);
  await expect(executions.begin("a", Buffer.from("[]"))).rejects.toMatchObject({ status: 409 });
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
