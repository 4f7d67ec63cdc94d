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
  const settling = workUnderWay();

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
      return settling.add(end(path, kept, thrown as Error));
    }
    // A closing emulator ends its environments: what they answered then does not count. What they
    // answered before does: the event would be run once more after a restart.
    if (closed) return;
    return settling.add(
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

  for (const { path, kept } of await keptIn(directory)) setImmediate(() => begin(path, kept));
  return {
    async accept(route, payload, requestId) {
      const kept: Kept = { requestId, route, payload: payload.toString("base64") };
      begin(await keep(directory, kept), kept);
    },
    async close() {
      closed = true;
      await settling.over();
    },
  };
}

/** Work that somebody waits for as a whole. */
function workUnderWay() {
  const all = new Set<Promise<void>>();
  return {
    async add(work: Promise<void>): Promise<void> {
      all.add(work);
      await work.finally(() => all.delete(work));
    },
    over: () => Promise.allSettled(all),
  };
}

/** What earlier processes left; removes what they had not yet accepted. */
async function keptIn(directory: string): Promise<{ path: string; kept: Kept }[]> {
  const all: { path: string; kept: Kept }[] = [];
  for (const name of await readdir(directory)) {
    const path = join(directory, name);
    if (name.endsWith(".json"))
      all.push({ path, kept: JSON.parse(await readFile(path, "utf8")) as Kept });
    else await rm(path, { force: true });
  }
  return all;
}

/** Writes an event down whole; returns where. */
async function keep(directory: string, kept: Kept): Promise<string> {
  const path = join(directory, `${kept.requestId}.json`);
  const draft = join(directory, `${randomUUID()}.draft`);
  await writeFile(draft, JSON.stringify(kept), { mode: ownFile });
  await rename(draft, path);
  return path;
}
