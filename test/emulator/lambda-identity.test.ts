import { join } from "node:path";
import {
  GetAccountSettingsCommand,
  GetFunctionCommand,
  GetFunctionConcurrencyCommand,
  InvokeCommand,
  LambdaClient,
  ListFunctionsCommand,
  PutFunctionConcurrencyCommand,
} from "@aws-sdk/client-lambda";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Identity, type Keys, roleWith } from "../../src/emulator/iam/identity.ts";
import type { Statement } from "../../src/emulator/iam/policy.ts";
import { listenLocally } from "../../src/emulator/lambda/local-listener.ts";
import { createLambda } from "../../src/emulator/lambda/server.ts";
import { deployedRoles } from "../../src/platform/local/deployed-roles.ts";
import { refusal } from "./refusal.ts";
import { temporaryFolder, testIdentities, testKeys } from "./s3-listener.ts";

const folder = temporaryFolder();
const open: { close?(): unknown; destroy?(): unknown }[] = [];
afterAll(async () => {
  for (const one of open.reverse()) await (one.destroy?.() ?? one.close?.());
  folder.remove();
});

describe("Lambda", () => {
  const functions = {
    worker: {
      directory: join(import.meta.dirname, "../fixtures/lambda"),
      handler: "worker.handler",
      memoryMb: 256,
      timeoutMs: 20_000,
      publish: true,
    },
  };
  let endpoint: string;
  const identities = new Map<string, Identity>(testIdentities);
  beforeAll(async () => {
    const home = join(folder.path, "lambda");
    const lambda = await createLambda({
      home,
      functions,
      identities,
      variables: {},
      concurrency: 400,
    });
    const server = await listenLocally(lambda.handle);
    endpoint = `http://127.0.0.1:${server.port}`;
    open.push(server, lambda);
  });
  const clientOf = (credentials: Keys, region = "us-east-1") => {
    const client = new LambdaClient({ endpoint, region, credentials, maxAttempts: 1 });
    open.push(client);
    return client;
  };
  const roleOf = (name: string, statements: readonly Statement[]) => {
    const keys = { accessKeyId: name, secretAccessKey: name };
    identities.set(name, roleWith(keys, name, statements));
    return clientOf(keys);
  };
  const call = (FunctionName = "worker", event = {}) =>
    new InvokeCommand({ FunctionName, Payload: Buffer.from(JSON.stringify(event)) });

  test("asks who it is, and whether the body is what was signed", async () => {
    const path = `${endpoint}/2015-03-31/functions/worker/invocations`;
    const plain = await fetch(path, { method: "POST", body: "{}" });
    expect([plain.status, plain.headers.get("x-amzn-errortype")]).toEqual([
      403,
      "MissingAuthenticationTokenException",
    ]);
    const stranger = clientOf({ accessKeyId: "AKIAX", secretAccessKey: "x" });
    expect(await refusal(stranger.send(call()))).toEqual([403, "UnrecognizedClientException"]);
    const wrong = clientOf({ ...testKeys, secretAccessKey: "x" });
    expect(await refusal(wrong.send(call()))).toEqual([403, "InvalidSignatureException"]);
    const elsewhere = clientOf(testKeys, "eu-west-1");
    expect(await refusal(elsewhere.send(call()))).toEqual([403, "InvalidSignatureException"]);
    const changed = clientOf(testKeys);
    changed.middlewareStack.add(
      (next) => (given) => {
        (given.request as { body: unknown }).body = Buffer.from("[]");
        return next(given);
      },
      { step: "finalizeRequest", priority: "low" },
    );
    expect(await refusal(changed.send(call()))).toEqual([403, "InvalidSignatureException"]);
    expect(await refusal(clientOf(testKeys).send(call("worker:1")))).toBeNull();
  });

  test("a role calls what its statements name, version or none", async () => {
    const orchestrator = roleOf("orchestrator", deployedRoles.orchestrator);
    for (const name of ["worker", "worker:1"])
      expect(await refusal(orchestrator.send(call(name)))).toBeNull();
    const denied = [403, "AccessDeniedException"];
    expect(await refusal(orchestrator.send(call("other")))).toEqual(denied);
    const worker = roleOf("worker", deployedRoles.worker);
    expect(await refusal(worker.send(call()))).toEqual(denied);
    const reserve = { FunctionName: "worker", ReservedConcurrentExecutions: 0 };
    expect(await refusal(worker.send(new PutFunctionConcurrencyCommand(reserve)))).toEqual(denied);
    const asked = [
      new GetFunctionCommand({ FunctionName: "worker" }),
      new GetFunctionConcurrencyCommand({ FunctionName: "worker" }),
      new ListFunctionsCommand({}),
      new GetAccountSettingsCommand({}),
    ];
    for (const command of asked)
      expect(await refusal(orchestrator.send(command as ListFunctionsCommand))).toEqual(denied);
  });

  test("the account tells its limit, its functions, and what each has reserved", async () => {
    const client = clientOf(testKeys);
    const unreserved = async () =>
      (await client.send(new GetAccountSettingsCommand({}))).AccountLimit;
    expect(await unreserved()).toMatchObject({
      ConcurrentExecutions: 400,
      UnreservedConcurrentExecutions: 400,
    });
    const reserve = (ReservedConcurrentExecutions: number) =>
      client.send(
        new PutFunctionConcurrencyCommand({ FunctionName: "worker", ReservedConcurrentExecutions }),
      );
    expect(await refusal(reserve(301))).toEqual([400, "InvalidParameterValueException"]);
    await reserve(300);
    expect(await unreserved()).toMatchObject({ UnreservedConcurrentExecutions: 100 });
    const found = await client.send(new GetFunctionCommand({ FunctionName: "worker:1" }));
    expect(found).toMatchObject({
      Configuration: { FunctionName: "worker", Version: "1", MemorySize: 256, Timeout: 20 },
      Concurrency: { ReservedConcurrentExecutions: 300 },
    });
    const { Functions: listed } = await client.send(new ListFunctionsCommand({}));
    expect(listed?.map(({ FunctionArn }) => FunctionArn)).toEqual([
      expect.stringMatching(/:function:worker:\$LATEST$/),
    ]);
    const all = new ListFunctionsCommand({ FunctionVersion: "ALL" });
    expect((await client.send(all)).Functions?.map(({ Version }) => Version)).toEqual([
      "$LATEST",
      "1",
    ]);
  });
});
