import {
  DeleteFunctionConcurrencyCommand,
  PutFunctionConcurrencyCommand,
} from "@aws-sdk/client-lambda";
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

/** Gives functions back what they had: as much reserved as is said, or a share of what is free. */
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
