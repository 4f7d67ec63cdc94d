import { LambdaClient, type LambdaClientConfig } from "@aws-sdk/client-lambda";
import { NodeHttpHandler } from "@smithy/node-http-handler";
import { awsLambda } from "../limits.ts";
import { withFreshCredentials } from "../wire/fresh-credentials.ts";
import { isLocal, LocalHttpHandler, noSigner } from "./lambda-local.ts";

export type { LambdaClient } from "@aws-sdk/client-lambda";

/**
 * A client for many long invocations at once: one try each (a strategy asks again where it wants
 * to), connections kept, and as many of them as there can be late replies.
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
  const client = new LambdaClient({
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(region === undefined ? {} : { region }),
    ...(credentials === undefined ? {} : { credentials }),
    maxAttempts: 1,
    ...(local ? { signer: noSigner } : {}),
    requestHandler: new (local ? LocalHttpHandler : NodeHttpHandler)({
      httpAgent: agent,
      httpsAgent: agent,
      connectionTimeout: 5_000,
      // Lambda itself ends an invocation at its function's time-out; this is for a dead network.
      requestTimeout: options.timeoutMs ?? awsLambda.timeoutMsMax + 30_000,
      socketAcquisitionWarningTimeout: awsLambda.timeoutMsMax,
    }),
  });
  return withFreshCredentials(client);
}
