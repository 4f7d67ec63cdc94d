import { InvokeCommand, type InvokeCommandInput, type LambdaClient } from "@aws-sdk/client-lambda";
import { expect } from "vitest";

/** Functions made of `test/fixtures/lambda/worker.mjs`, as the checks expect them. */
export interface ConformanceFunctions {
  /** `worker.handler`, PER_TENANT, 20 s time-out. */
  readonly worker: string;
  /** The same, 2 s time-out. */
  readonly hasty: string;
  /** `worker.handler`, no tenants. */
  readonly plain: string;
  /** `worker.streaming`, PER_TENANT. */
  readonly streaming: string;
  /** `worker.handler`, no tenants, reserved concurrency 1. */
  readonly single: string;
  /** `broken.handler`: its module throws. */
  readonly broken: string;
}

/** Where the checks go. */
export interface Endpoint {
  readonly client: () => LambdaClient;
  readonly names: ConformanceFunctions;
}

export type Input = Partial<InvokeCommandInput> & { readonly event?: unknown };

/** Invokes the plain function, or another; with the reply's JSON as `value`. */
export async function invoke({ client, names }: Endpoint, { event, ...input }: Input) {
  const payload = event === undefined ? {} : { Payload: Buffer.from(JSON.stringify(event)) };
  const reply = await client().send(
    new InvokeCommand({ FunctionName: names.plain, ...payload, ...input }),
  );
  const text = Buffer.from(reply.Payload ?? []).toString("utf8");
  return { ...reply, value: text === "" ? undefined : JSON.parse(text) };
}

/** How an invocation was refused. Fails where it was not. */
export async function refusal(at: Endpoint, input: Input) {
  const error = await invoke(at, input).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  return refusalOf(error);
}

export function refusalOf(error: unknown) {
  expect(error, "it should have been refused").toBeInstanceOf(Error);
  const { name, $metadata } = error as Error & { $metadata: { httpStatusCode: number } };
  return { name, status: $metadata.httpStatusCode, error: error as { Reason?: string } };
}
