import { type ChildProcess, fork } from "node:child_process";
import { entryBeside } from "../core/entries.ts";
import { assert } from "../core/errors.ts";
import { callingEmulator, type EmulatorCaller, emulatorBy } from "./emulator-calls.ts";
import { emulatorFlags, keepingMemory } from "./lambda/processes.ts";
import type { Emulator, EmulatorOptions } from "./users.ts";

/** An emulator in a process of its own. */
export interface RunningEmulator extends Emulator {
  readonly pid: number;
  /** Resolves when the process is gone, for whatever reason. */
  readonly ended: Promise<void>;
  /** Ends it as by `kill -9`. */
  kill(): Promise<void>;
}

/** One that ends with this process, and that nobody else uses. */
export interface EmulatorProcess extends RunningEmulator {
  /** After `kill`: starts it on the same ports and home; what it had acknowledged is there. */
  restart(): Promise<EmulatorProcess>;
}

export async function startEmulatorProcess(options: EmulatorOptions): Promise<EmulatorProcess> {
  const child = fork(entryBeside(import.meta.url, "emulator-child"), {
    serialization: "advanced",
    execArgv: [...emulatorFlags],
    env: { ...process.env, ...keepingMemory },
    stdio: ["ignore", "inherit", "inherit", "ipc"],
  });
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  const caller = asking(child);
  // A child that could not start has nothing to do, and would keep its parent for ever.
  const begun = (await caller.ask("start", options).catch((thrown) => {
    child.kill("SIGKILL");
    throw thrown;
  })) as Pick<Emulator, "endpoints" | "environment">;
  assert(child.pid !== undefined, "a child that answers has a process id");
  // Keeps nobody alive who has nothing else to do; the child ends with the channel.
  child.unref();
  child.channel?.unref();
  return {
    ...begun,
    ...emulatorBy(caller),
    pid: child.pid,
    ended,
    async close() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.ref();
      await Promise.race([caller.ask("close"), ended]);
      await ended;
    },
    async kill() {
      child.ref();
      child.kill("SIGKILL");
      await ended;
    },
    restart: () =>
      startEmulatorProcess({
        ...options,
        s3Port: Number(new URL(begun.endpoints.s3).port),
        lambdaPort: Number(new URL(begun.endpoints.lambda).port),
      }),
  };
}

/** Questions over the channel. */
function asking(child: ChildProcess): EmulatorCaller {
  const caller = callingEmulator(
    (call) =>
      new Promise((resolve, reject) => {
        child.send(call, (error) => (error === null ? resolve() : reject(error)));
      }),
    (isOpen) => (isOpen ? child.channel?.ref() : child.channel?.unref()),
  );
  child.on("message", (answer) => caller.take(answer as never));
  child.once("exit", (code, signal) => caller.fail(String(signal ?? code)));
  return caller;
}
