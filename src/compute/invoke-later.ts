import { InvokeCommand } from "@aws-sdk/client-lambda";
import { lambdaClient } from "./lambda-client.ts";

/**
 * An asynchronous invocation: accepted now, carried out whatever becomes of the caller. For a
 * durable function `execution` names it: the same name twice is one execution.
 */
export async function invokeLater(
  functionName: string,
  event: object,
  execution: string,
): Promise<void> {
  const client = lambdaClient();
  try {
    await client.send(
      new InvokeCommand({
        FunctionName: functionName,
        InvocationType: "Event",
        DurableExecutionName: execution,
        Payload: Buffer.from(JSON.stringify(event)),
      }),
    );
  } finally {
    client.destroy();
  }
}
