import {
  GetFunctionCommand,
  InvokeCommand,
  InvokeWithResponseStreamCommand,
  LambdaClient,
  ListFunctionsCommand,
  PutFunctionConcurrencyCommand,
} from "@aws-sdk/client-lambda";
import { describe, expect, it } from "vitest";
import { lambdaClient } from "../../src/compute/lambda-client.ts";
import { localSigner } from "../../src/compute/local-signer.ts";

const endpoint = "http://127.0.0.1:4566";
const keys = {
  accessKeyId: "AKIDEXAMPLE",
  secretAccessKey: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
};
const at = { endpoint, region: "us-east-1", credentials: keys };

type Sent = Parameters<ReturnType<typeof localSigner>["sign"]>[0];

/** What a client sends, caught on its way; nothing answers. */
async function sentBy(client: LambdaClient, command: InvokeCommand): Promise<Sent> {
  let caught: Sent | undefined;
  client.config.requestHandler.handle = async (request) => {
    caught = request;
    throw new Error("caught");
  };
  await expect(client.send(command)).rejects.toThrow("caught");
  return caught!;
}

const name = "kofn-worker";
const arn = `arn:aws:lambda:us-east-1:123456789012:function:${name}:7`;
const some = { FunctionName: name, Payload: Buffer.from('{"a":[1,2,3]}') };
const context = Buffer.from('{"custom":{"task":"step-1/2"}}').toString("base64");
const commands: readonly (readonly [string, object])[] = [
  ["an invocation", new InvokeCommand(some)],
  [
    "one with all that kofn sends",
    new InvokeCommand({
      ...some,
      ...{ TenantId: "run-1/3", ClientContext: context, LogType: "Tail" as const },
      Payload: Buffer.alloc(300_000, 65),
    }),
  ],
  ["a version, in a query", new InvokeCommand({ ...some, Qualifier: "$LATEST" })],
  ["an ARN, in the path", new InvokeCommand({ ...some, FunctionName: arn })],
  ["a stream", new InvokeWithResponseStreamCommand({ ...some, TenantId: "a  b   c" })],
  [
    "an execution by its name",
    new InvokeCommand({ ...some, InvocationType: "Event", DurableExecutionName: "run_1-(2)" }),
  ],
  [
    "a text",
    new PutFunctionConcurrencyCommand({ FunctionName: name, ReservedConcurrentExecutions: 0 }),
  ],
  ["no body", new GetFunctionCommand({ FunctionName: name })],
  [
    "several parameters",
    new ListFunctionsCommand({
      MasterRegion: "ALL",
      FunctionVersion: "ALL",
      Marker: "a b&c=d/é*'",
      MaxItems: 50,
    }),
  ],
];

describe("the local signer signs as the SDK does, to the byte", () => {
  it.each(commands)("%s", async (_, command) => {
    for (const sessionToken of [undefined, "a/token+of=hours"]) {
      const credentials = { ...keys, ...(sessionToken === undefined ? {} : { sessionToken }) };
      const client = new LambdaClient({ ...at, credentials });
      const request = await sentBy(client, command as InvokeCommand);
      const { authorization, "x-amz-date": date, ...headers } = request.headers;
      expect(authorization).toMatch(/^AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE\/\d{8}\/us-east-1/);
      const atMs = Date.parse(date!.replace(/^(....)(..)(..T..)(..)(..Z)$/, "$1-$2-$3:$4:$5"));
      const caller = { credentials: async () => credentials, region: async () => "us-east-1" };
      delete headers["x-amz-content-sha256"];
      delete headers["x-amz-security-token"];
      const again = Object.assign(request, { headers });
      const signed = await localSigner(() => caller).sign(again, { signingDate: new Date(atMs) });
      expect(signed.headers.authorization).toBe(authorization);
    }
  });
});

it("a client of an endpoint on this machine takes it, one of AWS does not", async () => {
  const request = await sentBy(lambdaClient(at), new InvokeCommand(some));
  expect(request.headers.authorization).toMatch(/Credential=AKIDEXAMPLE\/\d{8}\/us-east-1\/lambda/);
  const isOwn = async (endpoint: string) => {
    const { signer } = lambdaClient({ ...at, endpoint }).config;
    return Object.keys(await signer(undefined as never)).join() === "sign";
  };
  expect(await isOwn(endpoint)).toBe(true);
  expect(await isOwn("https://lambda.us-east-1.amazonaws.com")).toBe(false);
});

it("signs by the keys of the moment, which may be new ones", async () => {
  let calls = 0;
  const credentials = async () => ({
    ...{ ...keys, accessKeyId: `AKID${calls++}` },
    expiration: new Date(0),
  });
  const client = lambdaClient({ ...at, credentials });
  const seen = [];
  for (let i = 0; i < 2; i++) {
    const { headers } = await sentBy(client, new InvokeCommand(some));
    seen.push(/AKID\d+/.exec(headers.authorization!)![0]);
  }
  expect(new Set(seen).size).toBe(2);
});

it("refuses a body that it cannot read twice", async () => {
  const caller = { credentials: async () => keys, region: async () => "us-east-1" };
  const body = new ReadableStream();
  const request = {
    method: "POST",
    path: "/",
    headers: {},
    body,
    protocol: "http:",
    hostname: "a",
  };
  await expect(localSigner(() => caller).sign(request)).rejects.toThrow("bytes or text");
});
