import { type ChildProcess, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { existsSync } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import { fileURLToPath } from "node:url";
import { assert } from "../../core/errors.ts";
import type { Exit } from "./failures.ts";
import type { FunctionConfig } from "./function-config.ts";
import { logTail } from "./log-tail.ts";
import { keepingMemory } from "./processes.ts";
import {
  openRuntimeApi,
  type RuntimeEvents,
  type RuntimeRequest,
  sendEvent,
  trailingError,
} from "./runtime-api.ts";

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

export interface EnvironmentOptions {
  readonly name: string;
  readonly config: FunctionConfig;
  readonly variables: Readonly<Record<string, string>>;
  readonly onOutput?: ((text: string) => void) | undefined;
}

export async function openEnvironment(options: EnvironmentOptions): Promise<Environment> {
  const inside = new Inside();
  const api = await openRuntimeApi(inside);
  const log = logTail(options.onOutput);
  const child = spawnRuntime(options, api.port, log.push);
  let killedForMemory = false;
  const gone = new Promise<EnvironmentReply & { kind: "exit" }>((resolve) => {
    const ended = (code: number | null, signal: NodeJS.Signals | null) => {
      const outOfMemory = killedForMemory || (signal === "SIGABRT" && log.sawHeapLimit());
      const answer = { kind: "exit", exit: { code, signal, outOfMemory } } as const;
      inside.end(answer);
      resolve(answer);
      void api.close();
    };
    // Its last words are in by "close", unless a process it left behind holds its output open.
    child.once("close", ended);
    child.once("exit", (code, signal) => {
      setTimeout(() => ended(code, signal), lastWordsMs).unref();
      killGroup(child);
    });
    child.once("error", () => ended(127, null));
  });
  const alive = () => child.exitCode === null && child.signalCode === null;
  return {
    pid: child.pid ?? 0,
    log,
    gone,
    alive,
    init() {
      // A process that has ended meanwhile answers by its exit.
      if (child.channel) child.send("begin", () => {});
      return inside.loaded.promise;
    },
    waits: () => inside.waits(),
    whenWaiting: () => Promise.race([inside.asked.promise, gone]),
    run: (event, forward) => (alive() ? inside.run(event, forward) : gone),
    kill(outOfMemory = false) {
      killedForMemory ||= outOfMemory;
      killGroup(child);
    },
  };
}

/** The process's side of the Runtime API: at most one event given out, at most one poll waiting. */
class Inside implements RuntimeEvents {
  /** Undefined once the function is loaded; else why it is not. */
  readonly loaded = Promise.withResolvers<EnvironmentReply | undefined>();
  /** Resolved while a poll waits. */
  asked = Promise.withResolvers<void>();
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

/** Ends the process and whatever it has started. */
function killGroup(child: ChildProcess): void {
  if (process.platform === "win32" || child.pid === undefined) return void child.kill("SIGKILL");
  try {
    process.kill(-child.pid, "SIGKILL");
  } catch (thrown) {
    // Nothing of the group is left.
    if ((thrown as NodeJS.ErrnoException).code !== "ESRCH") throw thrown;
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

const extension = import.meta.url.endsWith(".ts") ? "ts" : "js";
const below = extension === "ts" ? "../../../dist/functions-bundled" : "../../../functions-bundled";
const runtime = [`${below}/runtime/runtime.mjs`, `../runtime/main.${extension}`]
  .map((path) => fileURLToPath(new URL(path, import.meta.url)))
  .find((path) => existsSync(path))!;

function spawnRuntime(
  { config, variables }: EnvironmentOptions,
  port: number,
  onOutput: (text: string) => void,
): ChildProcess {
  const heapMb = Math.floor(config.memoryMb * 0.9);
  const own = [process.execPath, `--max-old-space-size=${heapMb}`, "--no-warnings", runtime];
  const [command, ...parameters] = config.bootstrap ?? own;
  const child = spawn(command!, parameters, {
    cwd: config.directory,
    // A group of its own, which can be ended as a whole and hears no interrupt of the terminal's.
    detached: process.platform !== "win32",
    env: {
      ...keepingMemory,
      AWS_LAMBDA_LOG_STREAM_NAME: logStream(),
      ...variables,
      AWS_LAMBDA_RUNTIME_API: `127.0.0.1:${port}`,
    },
    stdio: ["ignore", "pipe", "pipe", ...(config.bootstrap ? [] : (["ipc"] as const))],
  });
  for (const stream of [child.stdout!, child.stderr!]) {
    stream.setEncoding("utf8");
    stream.on("data", onOutput);
  }
  return child;
}

/** One an environment, named as on Lambda; runtimes refuse to start without. */
function logStream(): string {
  const day = new Date().toISOString().slice(0, 10).replaceAll("-", "/");
  return `${day}/[$LATEST]${randomUUID().replaceAll("-", "")}`;
}
