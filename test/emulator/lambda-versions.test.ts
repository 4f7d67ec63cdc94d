import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import {
  CreateAliasCommand,
  DeleteFunctionCommand,
  InvokeCommand,
  InvokeWithResponseStreamCommand,
  PublishVersionCommand,
  PutFunctionConcurrencyCommand,
  UpdateAliasCommand,
} from "@aws-sdk/client-lambda";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type LambdaClient, lambdaClient } from "../../src/compute/lambda-client.ts";
import { startEmulator } from "../../src/emulator/emulator.ts";
import type { Emulator } from "../../src/emulator/users.ts";
import { accessTo } from "../../src/platform/local/s3-access.ts";
import { temporaryFolder } from "./s3-listener.ts";

/*
 * A function's versions, over Lambda's API: a published one stays what it is while `$LATEST` is
 * replaced. https://docs.aws.amazon.com/lambda/latest/dg/configuration-versions.html
 */

const folder = temporaryFolder();
let emulator: Emulator;
let client: LambdaClient;

/** A build that answers with its own name, the version it runs as, and how it was called. */
async function build(name: string): Promise<string> {
  const directory = join(folder.path, name);
  await mkdir(directory, { recursive: true });
  const code = `export const handler = async (event, context) => ({
    build: "${name}",
    version: context.functionVersion,
    arn: context.invokedFunctionArn.split(":function:")[1],
  });`;
  await writeFile(join(directory, "answer.mjs"), code);
  return directory;
}

const config = (directory: string, publish: boolean) => ({
  ...{ directory, handler: "answer.handler", memoryMb: 256, timeoutMs: 60_000, publish },
});

beforeAll(async () => {
  const first = await build("first");
  emulator = await startEmulator({
    home: join(folder.path, "home"),
    functions: { plain: config(first, false), published: config(first, true) },
  });
  client = lambdaClient(accessTo(emulator.environment).lambda);
});
afterAll(async () => {
  client.destroy();
  await emulator.close();
  folder.remove();
});

async function call(FunctionName: string, Qualifier?: string) {
  const reply = await client.send(
    new InvokeCommand({ FunctionName, ...(Qualifier === undefined ? {} : { Qualifier }) }),
  );
  const answer = JSON.parse(Buffer.from(reply.Payload!).toString("utf8"));
  expect(reply.ExecutedVersion).toBe(answer.version);
  return answer as { build: string; version: string; arn: string };
}

const refusal = (sent: Promise<unknown>) =>
  sent.then(
    () => "it was not refused",
    ({ name, message }: Error) => `${name}: ${message}`,
  );

test("versions are numbered, unchanged code publishes none, $LATEST moves on alone", async () => {
  const publish = async () =>
    (await client.send(new PublishVersionCommand({ FunctionName: "plain" }))).Version;
  expect([await publish(), await publish()]).toEqual(["1", "1"]);
  expect(await emulator.deploy("plain", config(await build("second"), false))).toBeNull();
  expect(await publish()).toBe("2");
  expect(await emulator.deploy("plain", config(await build("third"), false))).toBeNull();
  const builds = await Promise.all(
    ["plain:1", "plain:2", "plain:$LATEST", "plain"].map(async (name) => (await call(name)).build),
  );
  expect(builds).toEqual(["first", "second", "third", "third"]);
});

test("a function that publishes has version 1 at first, the next with a deployment", async () => {
  expect(await call("published:1")).toMatchObject({ version: "1", arn: "published:1" });
  expect(await emulator.deploy("published", config(await build("second"), true))).toBe("2");
  expect((await call("published:1")).build).toBe("first");
  expect((await call("published:2")).build).toBe("second");
});

test("a qualifier stands in the name, in the ARN or beside it; two must agree", async () => {
  const arn = "arn:aws:lambda:us-east-1:000000000000:function:published";
  for (const [name, qualifier] of [
    ["published:1", undefined],
    ["published", "1"],
    ["published:1", "1"],
    [`${arn}:1`, undefined],
    ["000000000000:function:published", "1"],
  ] as const)
    expect(await call(name, qualifier)).toMatchObject({ version: "1", arn: "published:1" });
  expect(await refusal(call("published:1", "2"))).toContain(
    "InvalidParameterValueException: The derived qualifier from the function name does not match",
  );
});

test("an alias names a version, and another one when it is updated", async () => {
  const of = (FunctionVersion: string) => ({
    FunctionName: "published",
    Name: "live",
    FunctionVersion,
  });
  await client.send(new CreateAliasCommand(of("1")));
  expect(await call("published:live")).toMatchObject({ version: "1", arn: "published:live" });
  await client.send(new UpdateAliasCommand(of("2")));
  expect(await call("published:live")).toMatchObject({ version: "2" });
  expect(await refusal(client.send(new CreateAliasCommand(of("9"))))).toContain("published:9");
});

test("a version that there is not is refused as an unknown function, streamed or not", async () => {
  const gone =
    "ResourceNotFoundException: Function not found: arn:aws:lambda:us-east-1:000000000000";
  for (const qualifier of ["9", "no-alias"]) {
    const said = `${gone}:function:published:${qualifier}`;
    expect(await refusal(call(`published:${qualifier}`))).toBe(said);
    const streamed = new InvokeWithResponseStreamCommand({
      FunctionName: "published",
      Qualifier: qualifier,
    });
    expect(await refusal(client.send(streamed))).toBe(said);
  }
  await emulator.deploy("published", config(await build("third"), true));
  await call("published:3");
  const remove = new DeleteFunctionCommand({ FunctionName: "published", Qualifier: "3" });
  await client.send(remove);
  expect(await refusal(call("published:3"))).toContain(gone);
});

test("all versions share what is reserved for the function", async () => {
  const none = { FunctionName: "published", ReservedConcurrentExecutions: 0 };
  await client.send(new PutFunctionConcurrencyCommand(none));
  for (const name of ["published", "published:1"])
    expect(await refusal(call(name))).toContain("TooManyRequestsException");
});
