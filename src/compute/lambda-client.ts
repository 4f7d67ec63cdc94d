import {
  DeleteFunctionConcurrencyCommand,
  InvokeCommand,
  LambdaClient,
  type LambdaClientConfig,
  PutFunctionConcurrencyCommand,
} from "@aws-sdk/client-lambda";
import { NodeHttpHandler } from "@smithy/node-http-handler";
import { awsLambda } from "../limits.ts";
import { withFreshCredentials } from "../wire/fresh-credentials.ts";
import { isLocal, LocalHttpHandler } from "./lambda-local.ts";
import { localSigner } from "./local-signer.ts";

export type { LambdaClient } from "@aws-sdk/client-lambda";

/**
 * A client for many long invocations at once: one try each (a strategy repeats what it needs),
 * kept connections, and as many of them as there can be late replies.
 */
export function lambdaClient(
  options: {
    readonly endpoint?: string;
    readonly region?: string;
    readonly credentials?: NonNullable<LambdaClientConfig["credentials"]>;
    readonly socketsMax?: number;
    readonly timeoutMs?: number;
  } = {},
): LambdaClient {
  const { endpoint, region, credentials } = options;
  const local = isLocal(endpoint ?? process.env.AWS_ENDPOINT_URL_LAMBDA);
  const agent = { keepAlive: true, maxSockets: options.socketsMax ?? 4096, keepAliveMsecs: 10_000 };
  const signer = localSigner(() => client.config);
  const client: LambdaClient = new LambdaClient({
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(region === undefined ? {} : { region }),
    ...(credentials === undefined ? {} : { credentials }),
    ...(local ? { signer } : {}),
    maxAttempts: 1,
    requestHandler: new (local ? LocalHttpHandler : NodeHttpHandler)({
      httpAgent: agent,
      httpsAgent: agent,
      connectionTimeout: 5_000,
      // Lambda ends an invocation at the function's time-out; this limit is for a dead network.
      requestTimeout: options.timeoutMs ?? awsLambda.timeoutMsMax + 30_000,
      socketAcquisitionWarningTimeout: awsLambda.timeoutMsMax,
    }),
  });
  return withFreshCredentials(client);
}

/**
 * Invokes asynchronously: Lambda accepts the event now and runs it whatever the caller does then.
 * `execution` names a durable function's execution: the same name twice is one execution.
 */
export async function invokeLater(
  functionName: string,
  event: object,
  execution?: string,
): Promise<void> {
  const client = lambdaClient();
  try {
    await client.send(
      new InvokeCommand({
        FunctionName: functionName,
        InvocationType: "Event",
        ...(execution === undefined ? {} : { DurableExecutionName: execution }),
        Payload: Buffer.from(JSON.stringify(event)),
      }),
    );
  } finally {
    client.destroy();
  }
}

/** Takes all concurrency from functions: what runs ends by its time-out, nothing more starts. */
export async function stopFunctions(
  names: readonly string[],
  client: LambdaClient = lambdaClient(),
): Promise<void> {
  for (const FunctionName of names) {
    const none = { FunctionName, ReservedConcurrentExecutions: 0 };
    await client.send(new PutFunctionConcurrencyCommand(none));
  }
}

/** Gives functions concurrency again: as much reserved as is named, or a share of what is free. */
export async function restoreFunctions(
  reservations: ReadonlyMap<string, number | undefined>,
  client: LambdaClient = lambdaClient(),
): Promise<void> {
  for (const [FunctionName, reserved] of reservations)
    await (reserved === undefined
      ? client.send(new DeleteFunctionConcurrencyCommand({ FunctionName }))
      : client.send(
          new PutFunctionConcurrencyCommand({
            FunctionName,
            ReservedConcurrentExecutions: reserved,
          }),
        ));
}
