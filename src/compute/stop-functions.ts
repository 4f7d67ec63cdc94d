import { PutFunctionConcurrencyCommand } from "@aws-sdk/client-lambda";
import { type LambdaClient, lambdaClient } from "./lambda-client.ts";

/** Leaves functions without concurrency: what runs ends by its time-out, nothing more starts. */
export async function stopFunctions(
  names: readonly string[],
  client: LambdaClient = lambdaClient(),
): Promise<void> {
  for (const FunctionName of names) {
    const none = { FunctionName, ReservedConcurrentExecutions: 0 };
    await client.send(new PutFunctionConcurrencyCommand(none));
  }
}
