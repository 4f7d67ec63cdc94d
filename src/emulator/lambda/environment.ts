import { type ChildProcess, spawn } from "node:child_process";
import type { IncomingMessage, ServerResponse } from "node:http";
import { fileURLToPath } from "node:url";
import { assert } from "../../core/errors.ts";
import type { Exit } from "./failures.ts";
import type { FunctionConfig } from "./function-config.ts";
import { logTail } from "./log-tail.ts";
import { openRuntimeApi, type RuntimeRequest, sendEvent, trailingError } from "./runtime-api.ts";

/** What came out of one event inside an environment. */
export type Answer =
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
  readonly gone: Promise<Answer & { kind: "exit" }>;
  /** Loads the function. Gives undefined once it waits for events, else why it never will. */
  init(): Promise<Answer | undefined>;
  /** True from the moment it asked for its next event. */
  waits(): boolean;
  /** Calls `use` when it asks for its next event, at once where it has; null where it is gone. */
  whenWaiting(): Promise<unknown>;
  /** One at a time. `forward` is given the reply's bytes as they come, instead of the answer. */
  run(event: RuntimeRequest, forward?: (chunk: Buffer) => void): Promise<Answer>;
  kill(outOfMemory?: boolean): void;
}

interface Running {
  readonly event: RuntimeRequest;
  readonly forward: ((chunk: Buffer) => void) | undefined;
  readonly settle: (answer: Answer) => void;
}

export interface EnvironmentOptions {
  readonly name: string;
  readonly config: FunctionConfig;
  readonly variables: Readonly<Record<string, string>>;
  readonly onOutput?: ((text: string) => void) | undefined;
}

export async function openEnvironment(options: EnvironmentOptions): Promise<Environment> {
  let poll: ServerResponse | undefined;
  let running: Running | undefined;
  let undelivered = false;
  let killedForMemory = false;
  let announceWaiting = Promise.withResolvers<undefined>();
  const initial = Promise.withResolvers<Answer | undefined>();

  const settle = (requestId: string, answer: Answer) => {
    if (running?.event.requestId !== requestId) return false;
    const { settle: done } = running;
    running = undefined;
    done(answer);
    return true;
  };
  const deliver = () => {
    if (!undelivered || poll === undefined || running === undefined) return;
    undelivered = false;
    announceWaiting = Promise.withResolvers();
    const waiting = poll;
    poll = undefined;
    sendEvent(waiting, running.event);
  };
  const api = await openRuntimeApi({
    next(response) {
      poll = response;
      response.once("close", () => {
        if (poll === response) poll = undefined;
      });
      initial.resolve(undefined);
      announceWaiting.resolve(undefined);
      deliver();
    },
    respond(requestId, body) {
      if (running?.event.requestId !== requestId) return false;
      collect(body, running.forward, (answer) => settle(requestId, answer));
      return true;
    },
    fail: (requestId, body) => settle(requestId, { kind: "error", body }),
    initFailed: (body) => initial.resolve({ kind: "error", body }),
  });

  const log = logTail(options.onOutput);
  const child = spawnRuntime(options, api.port, log.push);
  const gone = new Promise<Answer & { kind: "exit" }>((resolve) => {
    const ended = (code: number | null, signal: NodeJS.Signals | null) => {
      const outOfMemory = killedForMemory || (signal === "SIGABRT" && log.sawHeapLimit());
      const answer = { kind: "exit", exit: { code, signal, outOfMemory } } as const;
      initial.resolve(answer);
      if (running !== undefined) settle(running.event.requestId, answer);
      resolve(answer);
      void api.close();
    };
    // "close" rather than "exit": the last words are in by then.
    child.once("close", ended);
    child.once("error", () => ended(127, null));
  });
  return {
    pid: child.pid ?? 0,
    log,
    gone,
    init() {
      if (child.channel) child.send("begin", () => {});
      return initial.promise;
    },
    waits: () => poll !== undefined,
    whenWaiting: () => Promise.race([announceWaiting.promise, gone]),
    run(event, forward) {
      assert(running === undefined, "an environment runs one event at a time");
      return new Promise((resolve) => {
        if (child.exitCode !== null || child.signalCode !== null) {
          gone.then(resolve, resolve as never);
          return;
        }
        running = { event, forward, settle: resolve };
        undelivered = true;
        deliver();
      });
    },
    kill(outOfMemory = false) {
      killedForMemory ||= outOfMemory;
      child.kill("SIGKILL");
    },
  };
}

function collect(
  body: IncomingMessage,
  forward: ((chunk: Buffer) => void) | undefined,
  settle: (answer: Answer) => void,
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

const extension = import.meta.url.endsWith(".ts") ? "ts" : "js";
const runtime = fileURLToPath(new URL(`../runtime/main.${extension}`, import.meta.url));

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
    env: { ...variables, AWS_LAMBDA_RUNTIME_API: `127.0.0.1:${port}` },
    stdio: ["ignore", "pipe", "pipe", ...(config.bootstrap ? [] : (["ipc"] as const))],
  });
  for (const stream of [child.stdout!, child.stderr!]) {
    stream.setEncoding("utf8");
    stream.on("data", onOutput);
  }
  return child;
}
