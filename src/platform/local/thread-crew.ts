import { Worker } from "node:worker_threads";
import { entryBeside } from "../../core/entries.ts";
import type { ErrorCode } from "../../core/error-codes/error-codes.ts";
import { RunError } from "../../core/errors.ts";

/** What a thread answers. */
export type CrewAnswer =
  | { readonly result: unknown }
  | { readonly refusal: { readonly code: ErrorCode; readonly message: string; hint?: string } };

/** Threads that do one job after the other. They hold up no process that has nothing else to do. */
export interface ThreadCrew<Job> {
  /** Begun as soon as a thread is free. */
  ask(job: Job): Promise<unknown>;
  close(): Promise<void>;
}

interface Asked<Job> {
  readonly job: Job;
  readonly resolve: (result: unknown) => void;
  readonly reject: (reason: Error) => void;
}

/** Up to `size` threads over the files of a home, begun when there is more than the others do. */
export function threadCrew<Job>(starter: string, home: string, size: number): ThreadCrew<Job> {
  const entry = entryBeside(starter, "parts-thread");
  const waiting: Asked<Job>[] = [];
  const idle: Worker[] = [];
  const doing = new Map<Worker, Asked<Job> | null>();

  const begin = (): Worker => {
    const thread = new Worker(entry, { workerData: { home } });
    const over = (): Asked<Job> | null => {
      const asked = doing.get(thread) ?? null;
      if (doing.has(thread)) doing.set(thread, null);
      thread.unref();
      return asked;
    };
    const lost = (reason: Error) => {
      over()?.reject(reason);
      doing.delete(thread);
      if (idle.includes(thread)) idle.splice(idle.indexOf(thread), 1);
      next();
    };
    thread.on("message", (answer: CrewAnswer) => {
      const asked = over();
      idle.push(thread);
      next();
      if ("result" in answer) asked?.resolve(answer.result);
      else {
        const { code, message, ...more } = answer.refusal;
        asked?.reject(new RunError(code, message, more));
      }
    });
    thread.on("error", (thrown) => lost(thrown as Error));
    thread.on("exit", (code) => lost(new Error(`its thread ended with code ${code}`)));
    return thread;
  };
  const next = (): void => {
    while (waiting.length > 0) {
      const thread = idle.pop() ?? (doing.size < size ? begin() : null);
      if (thread === null) return;
      const asked = waiting.shift()!;
      doing.set(thread, asked);
      thread.ref();
      thread.postMessage(asked.job);
    }
  };
  return {
    ask: (job) =>
      new Promise((resolve, reject) => {
        waiting.push({ job, resolve, reject });
        next();
      }),
    async close() {
      waiting.length = 0;
      await Promise.all([...doing.keys()].map((thread) => thread.terminate()));
    },
  };
}
