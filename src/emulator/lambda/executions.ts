import { createHash } from "node:crypto";
import { readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { closeOwnFolder, ownFile } from "../../core/own-files.ts";
import { badParameter, LambdaError } from "./failures.ts";

/** Names of executions: each stands for one, over restarts as well. */
export interface Executions {
  /**
   * Whether an event under this name begins an execution; false where the same one began before.
   * Throws `LambdaError` where one with another payload did.
   */
  begin(name: string, payload: Buffer): Promise<boolean>;
}

const namePattern = /^[\w-]{1,64}$/;

/** https://docs.aws.amazon.com/lambda/latest/dg/durable-execution-idempotency.html */
export function openExecutions(directory: string): Executions {
  closeOwnFolder(directory);
  /** One at a time of each name: two at once are one as well. */
  const underWay = new Map<string, Promise<unknown>>();
  async function begin(name: string, payload: Buffer): Promise<boolean> {
    const path = join(directory, `${name}.sha256`);
    const digest = createHash("sha256").update(payload).digest("hex");
    const known = await digestAt(path);
    if (known === digest) return false;
    if (known !== null)
      throw new LambdaError(
        409,
        "DurableExecutionAlreadyStartedException",
        `The durable execution ${name} has already been started with another payload.`,
      );
    await writeFile(`${path}.draft`, digest, { mode: ownFile });
    await rename(`${path}.draft`, path);
    return true;
  }
  return {
    begin(name, payload) {
      if (!namePattern.test(name)) throw badParameter(`"${name}" names no durable execution.`);
      const before = underWay.get(name) ?? Promise.resolve();
      const next = before.then(
        () => begin(name, payload),
        () => begin(name, payload),
      );
      underWay.set(name, next);
      return next;
    },
  };
}

async function digestAt(path: string): Promise<string | null> {
  try {
    return await readFile(path, "utf8");
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw thrown;
  }
}
