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
  /** Begins nothing more, and waits until what was answered before is noted. */
  close(): Promise<void>;
}

export interface EventsOptions {
  readonly directory: string;
  readonly retryDelaysMs?: readonly number[] | undefined;
  /** Answers at once when the function has: what is noted of it is for `invoked`. */
  run(route: Route, payload: Buffer, requestId: string): Promise<InvocationOutcome>;
  /** Takes what an invocation came to, before it is repeated or ended. */
  invoked?(route: Route, invocation: EventInvocation): Promise<void>;
  /** Takes what an event came to in the end: its last outcome, or why it was given up. */
  ended?(route: Route, outcome: InvocationOutcome | Error): Promise<void>;
}

export interface EventInvocation {
  readonly requestId: string;
  readonly startMs: number;
  readonly outcome: InvocationOutcome;
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

  /** What follows answers that came in time: a closing emulator waits for it. */
  const settling = new Set<Promise<void>>();
  async function settled(work: Promise<void>): Promise<void> {
    settling.add(work);
    await work.finally(() => settling.delete(work));
  }

  async function attempt(path: string, kept: Kept, failures: number, throttles: number) {
    if (closed) return;
    const startMs = Date.now();
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
      return settled(end(path, kept, thrown as Error));
    }
    // A closing emulator ends its environments: what they answered then does not count. What they
    // answered before does: the event would be run once more after a restart.
    if (closed) return;
    return settled(
      (async () => {
        await options.invoked?.(kept.route, { requestId: kept.requestId, startMs, outcome });
        if (outcome.functionError === undefined || failures >= awsLambda.asyncRetriesMax)
          return end(path, kept, outcome);
        again(delaysMs[failures] ?? delaysMs.at(-1) ?? 0, failures + 1, throttles);
      })(),
    );
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
    async close() {
      closed = true;
      await Promise.allSettled(settling);
    },
  };
}
