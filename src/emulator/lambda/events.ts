import { randomUUID } from "node:crypto";
import { readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { closeOwnFolder, ownFile } from "../../core/own-files.ts";
import { awsLambda } from "../../limits.ts";
import { LambdaError } from "./failures.ts";
import type { InvocationOutcome } from "./invoke.ts";
import type { Route } from "./route.ts";

/** Asynchronous invocations: kept on disk from acceptance until they are done or given up. */
export interface Events {
  /** Returns once the event is safe; it is run afterwards. */
  accept(route: Route, payload: Buffer, requestId: string): Promise<void>;
  close(): void;
}

export interface EventsOptions {
  readonly directory: string;
  readonly retryDelaysMs?: readonly number[] | undefined;
  run(route: Route, payload: Buffer, requestId: string): Promise<InvocationOutcome>;
  /** Takes what an event came to in the end: its last outcome, or why it was given up. */
  ended?(route: Route, outcome: InvocationOutcome | Error): Promise<void>;
}

interface Kept {
  readonly requestId: string;
  readonly route: Route;
  /** Base64. */
  readonly payload: string;
}

/** A minute and two minutes on AWS; shorter here, for people who wait. */
const defaultDelaysMs = [1_000, 2_000];
const throttledDelayMs = 250;
const throttledTriesMax = 1_000;

/** Events that an earlier process accepted and did not finish are run again. */
export async function openEvents(options: EventsOptions): Promise<Events> {
  const { directory } = options;
  const delaysMs = options.retryDelaysMs ?? defaultDelaysMs;
  let closed = false;
  closeOwnFolder(directory);

  async function end(path: string, { route }: Kept, outcome: InvocationOutcome | Error) {
    await options.ended?.(route, outcome);
    await rm(path, { force: true });
  }

  async function attempt(path: string, kept: Kept, failures: number, throttles: number) {
    if (closed) return;
    const again = (delayMs: number, failed: number, refused: number) => {
      setTimeout(() => begin(path, kept, failed, refused), delayMs).unref();
    };
    let outcome: InvocationOutcome;
    try {
      outcome = await options.run(kept.route, Buffer.from(kept.payload, "base64"), kept.requestId);
    } catch (thrown) {
      const refused = thrown instanceof LambdaError && thrown.status === 429;
      const waits = refused && throttles < throttledTriesMax;
      if (waits) return again(throttledDelayMs, failures, throttles + 1);
      return end(path, kept, thrown as Error);
    }
    // A closing emulator ends its environments: what they answered then does not count.
    if (closed) return;
    if (outcome.functionError !== undefined && failures < awsLambda.asyncRetriesMax)
      return again(delaysMs[failures] ?? delaysMs.at(-1) ?? 0, failures + 1, throttles);
    return end(path, kept, outcome);
  }

  function begin(path: string, kept: Kept, failures = 0, throttles = 0): void {
    attempt(path, kept, failures, throttles).catch((thrown: unknown) => {
      process.emitWarning(`asynchronous event ${kept.requestId}: ${thrown}`);
    });
  }

  for (const name of await readdir(directory)) {
    const path = join(directory, name);
    if (name.endsWith(".json")) {
      const kept = JSON.parse(await readFile(path, "utf8")) as Kept;
      setImmediate(() => begin(path, kept));
    } else await rm(path, { force: true });
  }
  return {
    async accept(route, payload, requestId) {
      const kept: Kept = { requestId, route, payload: payload.toString("base64") };
      const path = join(directory, `${requestId}.json`);
      const draft = join(directory, `${randomUUID()}.draft`);
      await writeFile(draft, JSON.stringify(kept), { mode: ownFile });
      await rename(draft, path);
      begin(path, kept);
    },
    close() {
      closed = true;
    },
  };
}
