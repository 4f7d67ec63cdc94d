import { stopFunctions } from "../src/compute/lambda-client.ts";

/** Told by the budget's alarm that enough was spent. */
export async function handler(): Promise<{ stopped: string[] }> {
  const stopped = (process.env.KOFN_FUNCTIONS ?? "").split(",").filter((name) => name !== "");
  await stopFunctions(stopped);
  return { stopped };
}
