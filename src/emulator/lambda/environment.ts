import type { ChildProcess } from "node:child_process";
import type { IncomingMessage, ServerResponse } from "node:http";
import { assert } from "../../core/errors.ts";
import { killGroup, type ProcessOptions, spawnRuntime } from "./environment-process.ts";
import type { Exit } from "./failures.ts";
import { logTail } from "./log-tail.ts";
import type { ProcessReaper } from "./processes.ts";
import {
  openRuntimeApi,
  type RuntimeEvents,
  type RuntimeRequest,
  sendEvent,
  trailingError,
} from "./runtime-api.ts";
import type { Snapshots } from "./snapshots.ts";

/** What came out of one event inside an environment. */
export type EnvironmentReply =
  | { readonly kind: "reply"; readonly chunks: readonly Buffer[]; readonly bytes: number }
  | { readonly kind: "error"; readonly body: Buffer }
  | { readonly kind: "exit"; readonly exit: Exit };

/**
 * One process that runs one function for one tenant, behind a Runtime API of its own. The process
 * may end at any instant: whatever is under way is then answered by its exit.
 */
export interface Environment {
  readonly pid: number;
  readonly log: ReturnType<typeof logTail>;
  /** Ends with the process. Never rejects. */
  readonly gone: Promise<EnvironmentReply & { kind: "exit" }>;
  /** False as soon as its end is known, which is before its last output is in. */
  alive(): boolean;
  /** Loads the function. Gives undefined once it waits for events, else why it never will. */
  init(): Promise<EnvironmentReply | undefined>;
  /** True from the moment it asked for its next event. */
  waits(): boolean;
  /** Resolved when it asks for its next event, at once where it has, or when it is gone. */
  whenWaiting(): Promise<unknown>;
  /** One at a time. `forward` is given the reply's bytes as they come, instead of the answer. */
  run(event: RuntimeRequest, forward?: (chunk: Buffer) => void): Promise<EnvironmentReply>;
  kill(outOfMemory?: boolean): void;
}

interface Running {
  readonly event: RuntimeRequest;
  readonly forward: ((chunk: Buffer) => void) | undefined;
  readonly settle: (answer: EnvironmentReply) => void;
}

export interface EnvironmentOptions extends ProcessOptions {
  readonly reaper: ProcessReaper;
  readonly snapshots: Snapshots;
}

export async function openEnvironment(options: EnvironmentOptions): Promise<Environment> {
  const inside = new Inside();
  const api = await openRuntimeApi(inside);
  const log = logTail(options.onOutput);
  const { reaper, snapshots } = options;
  const { promise: gone, resolve } = Promise.withResolvers<EnvironmentReply & { kind: "exit" }>();
  let [isKilled, isKilledForMemory, isBegun] = [false, false, false];
  const start = (snapshot: string | null): ChildProcess => {
    const started = spawnRuntime(options, api.port, log.push, snapshot);
    const { pid } = started;
    if (pid !== undefined) reaper.watch(pid);
    const ended = (code: number | null, signal: NodeJS.Signals | null) => {
      if (started !== child) return;
      const outOfMemory = isKilledForMemory || (signal === "SIGABRT" && log.sawHeapLimit());
      const answer = { kind: "exit", exit: { code, signal, outOfMemory } } as const;
      inside.end(answer);
      resolve(answer);
      void api.close();
    };
    // Its last words are in by "close", unless a process it left behind holds its output open.
    started.once("close", ended);
    started.once("exit", (code, signal) => {
      killGroup(started);
      if (pid !== undefined) reaper.forget(pid);
      const isFault = signal === null ? code !== 0 : signal !== "SIGKILL" && signal !== "SIGTERM";
      if (snapshot === null || inside.wasHeard || isKilled || !isFault)
        return void setTimeout(() => ended(code, signal), lastWordsMs).unref();
      // A damaged one, or another Node's: the bundle itself is there.
      snapshots.refuse(snapshot);
      child = start(null);
      if (isBegun) begin(child);
    });
    started.once("error", () => ended(127, null));
    return started;
  };
  let child = start(snapshots.ready());
  const alive = () => child.exitCode === null && child.signalCode === null;
  return {
    get pid() {
      return child.pid ?? 0;
    },
    log,
    gone,
    alive,
    init() {
      isBegun = true;
      begin(child);
      return inside.loaded.promise;
    },
    waits: () => inside.waits(),
    whenWaiting: () => Promise.race([inside.asked.promise, gone]),
    run: (event, forward) => (alive() ? inside.run(event, forward) : gone),
    kill(outOfMemory = false) {
      isKilled = true;
      isKilledForMemory ||= outOfMemory;
      killGroup(child);
    },
  };
}

/** A process that has ended meanwhile answers by its exit. */
function begin(child: ChildProcess): void {
  if (child.channel) child.send("begin", () => {});
}

/** The process's side of the Runtime API: at most one event given out, at most one poll waiting. */
class Inside implements RuntimeEvents {
  /** Undefined once the function is loaded; else why it is not. */
  readonly loaded = Promise.withResolvers<EnvironmentReply | undefined>();
  /** Resolved while a poll waits. */
  asked = Promise.withResolvers<void>();
  /** Whether the process has said anything yet. */
  wasHeard = false;
  #poll: ServerResponse | undefined;
  #running: Running | undefined;
  #given = false;

  waits(): boolean {
    return this.#poll !== undefined;
  }

  run(event: RuntimeRequest, forward?: (chunk: Buffer) => void): Promise<EnvironmentReply> {
    assert(this.#running === undefined, "an environment runs one event at a time");
    return new Promise((settle) => {
      this.#running = { event, forward, settle };
      this.#given = false;
      this.#give();
    });
  }

  end(answer: EnvironmentReply): void {
    this.loaded.resolve(answer);
    if (this.#running !== undefined) this.#settle(this.#running.event.requestId, answer);
  }

  next(poll: ServerResponse): void {
    this.wasHeard = true;
    this.#poll = poll;
    poll.once("close", () => {
      if (this.#poll === poll) this.#poll = undefined;
    });
    this.loaded.resolve(undefined);
    this.asked.resolve();
    this.#give();
  }

  respond(requestId: string, body: IncomingMessage): boolean {
    if (this.#running?.event.requestId !== requestId) return false;
    collect(body, this.#running.forward, (answer) => this.#settle(requestId, answer));
    return true;
  }

  fail(requestId: string, body: Buffer): boolean {
    return this.#settle(requestId, { kind: "error", body });
  }

  initFailed(body: Buffer): void {
    this.wasHeard = true;
    this.loaded.resolve({ kind: "error", body });
  }

  #give(): void {
    const poll = this.#poll;
    if (this.#given || poll === undefined || this.#running === undefined) return;
    this.#given = true;
    this.#poll = undefined;
    this.asked = Promise.withResolvers();
    sendEvent(poll, this.#running.event);
  }

  #settle(requestId: string, answer: EnvironmentReply): boolean {
    if (this.#running?.event.requestId !== requestId) return false;
    const { settle } = this.#running;
    this.#running = undefined;
    settle(answer);
    return true;
  }
}

function collect(
  body: IncomingMessage,
  forward: ((chunk: Buffer) => void) | undefined,
  settle: (answer: EnvironmentReply) => void,
): void {
  const chunks: Buffer[] = [];
  let bytes = 0;
  body.on("data", (chunk: Buffer) => {
    bytes += chunk.length;
    if (forward === undefined) chunks.push(chunk);
    else forward(chunk);
  });
  body.once("end", () => {
    const error = trailingError(body.trailers);
    settle(error === undefined ? { kind: "reply", chunks, bytes } : { kind: "error", body: error });
  });
  // A body cut short means that the process has ended or will be ended: its exit answers.
  body.on("error", () => {});
}

/** For output that is still in the pipe when a process has ended. */
const lastWordsMs = 50;
