import {
  GetAccountSettingsCommand,
  GetFunctionConcurrencyCommand,
  type LambdaClient,
} from "@aws-sdk/client-lambda";

/** How many environments of all functions together an account lets work at once. */
export interface AccountConcurrency {
  readonly limit: number;
  /** What no function has reserved. */
  readonly unreserved: number;
}

export async function accountConcurrency(client: LambdaClient): Promise<AccountConcurrency> {
  const { AccountLimit: limits } = await client.send(new GetAccountSettingsCommand({}));
  const { ConcurrentExecutions: limit, UnreservedConcurrentExecutions: unreserved } = limits ?? {};
  if (limit === undefined || unreserved === undefined)
    throw new Error("GetAccountSettings told no limit of concurrent executions");
  return { limit, unreserved };
}

/** What is reserved for a function: null for nothing, 0 where all was taken from it. */
export async function reservedConcurrency(
  client: LambdaClient,
  functionName: string,
): Promise<number | null> {
  const command = new GetFunctionConcurrencyCommand({ FunctionName: functionName });
  const { ReservedConcurrentExecutions: reserved } = await client.send(command);
  return reserved ?? null;
}
