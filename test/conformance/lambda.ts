import {
  InvokeCommand,
  InvokeWithResponseStreamCommand,
  type LambdaClient,
} from "@aws-sdk/client-lambda";
import { describe, expect, test } from "vitest";
import {
  type ConformanceFunctions,
  type Endpoint,
  invoke,
  refusal,
  refusalOf,
} from "./lambda-endpoint.ts";

/**
 * What Lambda's Invoke API does, through the AWS SDK: the same checks for the local server and for
 * AWS itself. Errors are told by their names and statuses, not by their wording.
 */
export function lambdaConformance(client: () => LambdaClient, names: ConformanceFunctions): void {
  const at: Endpoint = { client, names };
  describe("invoke", () => checkInvoke(at));
  describe("its log, context and deadline", () => checkSurroundings(at));
  describe("tenants", () => checkTenants(at));
  describe("refusals", () => checkRefusals(at));
  describe("function errors", () => checkFunctionErrors(at));
  describe("response streams", () => checkStreams(at));
}

function checkInvoke(at: Endpoint): void {
  test("gives the handler's result, its version and a request id", async () => {
    const reply = await invoke(at, { event: { a: [1, "ü", null] } });
    expect(reply.value.echo).toEqual({ a: [1, "ü", null] });
    expect(reply.StatusCode).toBe(200);
    expect(reply.ExecutedVersion).toBe("$LATEST");
    expect(reply.FunctionError).toBeUndefined();
    expect(reply.$metadata.requestId).toBe(reply.value.requestId);
  });

  test("a whole ARN names the function as well", async () => {
    const arn = `arn:aws:lambda:us-east-1:000000000000:function:${at.names.plain}`;
    expect((await invoke(at, { FunctionName: arn, event: 7 })).value.echo).toBe(7);
  });

  test("no payload is an empty event", async () => {
    expect((await invoke(at, {})).value.echo).toEqual({});
  });

  test("DryRun answers 204 and runs nothing", async () => {
    const before = (await invoke(at, { event: {} })).value.served;
    const reply = await invoke(at, { InvocationType: "DryRun", event: {} });
    expect(reply.StatusCode).toBe(204);
    expect((await invoke(at, { event: {} })).value.served).toBe(before + 1);
  });

  test("Event answers 202 at once", async () => {
    const reply = await invoke(at, { InvocationType: "Event", event: { sleepMs: 200 } });
    expect(reply.StatusCode).toBe(202);
  });
}

function checkSurroundings(at: Endpoint): void {
  test("the client context reaches the handler", async () => {
    const context = { custom: { task: "t1", slot: 3, round: 9 } };
    const ClientContext = Buffer.from(JSON.stringify(context)).toString("base64");
    expect((await invoke(at, { ClientContext, event: {} })).value.client).toEqual(context);
  });

  test("the log's tail has the output and a REPORT line", async () => {
    const reply = await invoke(at, { LogType: "Tail", event: { print: "hello from inside" } });
    const log = Buffer.from(reply.LogResult!, "base64").toString("utf8");
    expect(log).toContain("hello from inside");
    expect(log).toMatch(
      /REPORT RequestId: \S+\tDuration: [\d.]+ ms\tBilled Duration: \d+ ms\tMemory Size: \d+ MB\t/,
    );
    const long = await invoke(at, { LogType: "Tail", event: { print: "x".repeat(20_000) } });
    expect(Buffer.from(long.LogResult!, "base64").length).toBeLessThanOrEqual(4096);
    expect((await invoke(at, { event: {} })).LogResult).toBeUndefined();
  });

  test("the remaining time counts down from the time-out", async () => {
    const { remainingMs } = (
      await invoke(at, { FunctionName: at.names.worker, TenantId: "t", event: {} })
    ).value;
    expect(remainingMs).toBeGreaterThan(2_000);
    expect(remainingMs).toBeLessThanOrEqual(20_000);
  });
}

function checkTenants(at: Endpoint): void {
  const of = async (tenant: string, event: object = {}) =>
    (await invoke(at, { FunctionName: at.names.worker, TenantId: tenant, event })).value;

  test("each has environments of its own, which are used again", async () => {
    const [a1, b1] = [await of("a"), await of("b")];
    const [a2, b2] = [await of("a"), await of("b")];
    expect([a1.tenant, b1.tenant]).toEqual(["a", "b"]);
    expect(a1.pid).not.toBe(b1.pid);
    expect([a2.pid, b2.pid]).toEqual([a1.pid, b1.pid]);
    expect(a2.served).toBe(a1.served + 1);
  });

  test("a busy environment's tenant gets another one", async () => {
    const [slow, quick] = await Promise.all([of("c", { sleepMs: 600 }), of("c", {})]);
    expect(slow.pid).not.toBe(quick.pid);
    expect(slow.tenant).toBe(quick.tenant);
  });

  test("a missing, an unexpected and a malformed tenant are refused with 400", async () => {
    const expected = { name: "InvalidParameterValueException", status: 400 };
    expect(await refusal(at, { FunctionName: at.names.worker, event: {} })).toMatchObject(expected);
    expect(await refusal(at, { TenantId: "a", event: {} })).toMatchObject(expected);
    expect(
      await refusal(at, { FunctionName: at.names.worker, TenantId: "a#b", event: {} }),
    ).toMatchObject(expected);
  });
}

function checkRefusals(at: Endpoint): void {
  test("an unknown function is 404", async () => {
    expect(await refusal(at, { FunctionName: "no-such-function", event: {} })).toMatchObject({
      name: "ResourceNotFoundException",
      status: 404,
    });
  });

  test("a payload that is not JSON is 400", async () => {
    for (const bytes of ["{", "nothing", '{"a":1}}', "\xff"])
      expect(await refusal(at, { Payload: Buffer.from(bytes, "latin1") })).toMatchObject({
        name: "InvalidRequestContentException",
        status: 400,
      });
  });

  test("more than 6 MB is 413, and more than 1 MB for an Event", async () => {
    const text = (bytes: number) => JSON.stringify("x".repeat(bytes - 2));
    const MiB = 1024 * 1024;
    const tooLarge = { name: "RequestTooLargeException", status: 413 };
    const of = (bytes: number) => ({ Payload: Buffer.from(text(bytes)) });
    expect(await refusal(at, of(6 * MiB + 1))).toMatchObject(tooLarge);
    expect(await refusal(at, { ...of(MiB + 1), InvocationType: "Event" })).toMatchObject(tooLarge);
  });

  test("beyond the reserved concurrency it is 429 with a reason", async () => {
    // All at once: one has the only place, whichever it is.
    const event = { sleepMs: 800 };
    const all = [0, 1, 2].map(() => invoke(at, { FunctionName: at.names.single, event }));
    const ended = await Promise.allSettled(all);
    const refused = ended.flatMap((one) =>
      one.status === "rejected" ? [refusalOf(one.reason)] : [],
    );
    expect(refused.length).toBeGreaterThan(0);
    for (const { name, status, error } of refused) {
      expect({ name, status }).toEqual({ name: "TooManyRequestsException", status: 429 });
      expect(error.Reason).toBe("ReservedFunctionConcurrentInvocationLimitExceeded");
    }
    const served = ended.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
    expect(served.length).toBeGreaterThan(0);
    for (const { FunctionError } of served) expect(FunctionError).toBeUndefined();
  });
}

function checkFunctionErrors(at: Endpoint): void {
  const fail = (event: object) =>
    invoke(at, { FunctionName: at.names.worker, TenantId: "f", event });

  test("what the handler throws comes back by type and message", async () => {
    const reply = await fail({ throw: "not today" });
    expect(reply.FunctionError).toBe("Unhandled");
    expect(reply.StatusCode).toBe(200);
    expect(reply.value).toMatchObject({ errorType: "TypeError", errorMessage: "not today" });
  });

  test("the process's end is Runtime.ExitError, and the next call finds a new one", async () => {
    const reply = await fail({ exit: 3 });
    expect(reply.value.errorType).toBe("Runtime.ExitError");
    expect(reply.value.errorMessage).toMatch(/exit status 3/);
    expect((await fail({})).value.served).toBe(1);
  });

  test("a handler that outlasts its time is ended, even where it never pauses", async () => {
    for (const event of [{ sleepMs: 100_000 }, { spin: true }]) {
      const reply = await invoke(at, { FunctionName: at.names.hasty, TenantId: "f", event });
      expect(reply.FunctionError).toBe("Unhandled");
      expect(reply.value.errorMessage).toMatch(/Task timed out after 2\.00 seconds$/);
    }
  });

  test("a module that cannot be loaded is a function error", async () => {
    const reply = await invoke(at, { FunctionName: at.names.broken, event: {} });
    expect(reply.FunctionError).toBe("Unhandled");
    expect(reply.value).toMatchObject({ errorType: "RangeError" });
  });

  test("a reply of more than 6 MB is a function error", async () => {
    const reply = await fail({ replyBytes: 6 * 1024 * 1024 + 10 });
    expect(reply.value.errorType).toBe("Function.ResponseSizeTooLarge");
  });
}

function checkStreams(at: Endpoint): void {
  const stream = async (event: object, more: object = {}) => {
    const reply = await at.client().send(
      new InvokeWithResponseStreamCommand({
        FunctionName: at.names.streaming,
        TenantId: "s",
        Payload: Buffer.from(JSON.stringify(event)),
        ...more,
      }),
    );
    const parts: Uint8Array[] = [];
    for await (const message of reply.EventStream!) {
      if (message.PayloadChunk?.Payload) parts.push(message.PayloadChunk.Payload);
      if (message.InvokeComplete)
        return { bytes: Buffer.concat(parts), complete: message.InvokeComplete };
    }
    throw new Error("the stream ended without InvokeComplete");
  };

  test("raw bytes come as written, then the end with its log", async () => {
    const { bytes, complete } = await stream({ parts: [[0, 255, 10], [1]] }, { LogType: "Tail" });
    expect([...bytes]).toEqual([0, 255, 10, 1]);
    expect(complete.ErrorCode).toBeUndefined();
    expect(Buffer.from(complete.LogResult!, "base64").toString()).toContain("REPORT RequestId");
  });

  test("more than 6 MB may be streamed", async () => {
    expect((await stream({ zeros: 7 * 1024 * 1024 })).bytes.length).toBe(7 * 1024 * 1024);
  });

  test("an error after the first bytes is told at the end", async () => {
    const { bytes, complete } = await stream({ parts: [[7]], throw: "halfway" });
    expect([...bytes]).toEqual([7]);
    expect(complete.ErrorCode).toBeDefined();
    expect(complete.ErrorDetails).toContain("halfway");
  });

  test("Invoke gives a streaming handler's bytes in one piece", async () => {
    const reply = await at.client().send(
      new InvokeCommand({
        FunctionName: at.names.streaming,
        TenantId: "s",
        Payload: Buffer.from(JSON.stringify({ parts: [[1, 2], [200]] })),
      }),
    );
    expect([...reply.Payload!]).toEqual([1, 2, 200]);
  });
}
