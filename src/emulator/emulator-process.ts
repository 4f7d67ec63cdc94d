import { type ChildProcess, fork } from "node:child_process";
import { entryBeside } from "../core/entries.ts";
import { assert, RunError } from "../core/errors.ts";
import type { Emulator, EmulatorOptions } from "./emulator.ts";
import type { EmulatorAnswer, EmulatorCall, EmulatorRequest } from "./emulator-child.ts";
import { keepingMemory } from "./lambda/processes.ts";

/** An emulator in a process of its own, which ends with this one. */
export interface EmulatorProcess extends Emulator {
  readonly pid: number;
  /** Resolves when the process is gone, for whatever reason. */
  readonly ended: Promise<void>;
  /** Ends it as by `kill -9`. */
  kill(): Promise<void>;
  /** After `kill`: starts it on the same ports and home; what it had acknowledged is there. */
  restart(): Promise<EmulatorProcess>;
}

export async function startEmulatorProcess(options: EmulatorOptions): Promise<EmulatorProcess> {
  const child = fork(entryBeside(import.meta.url, "emulator-child"), {
    serialization: "advanced",
    execArgv: ["--no-warnings"],
    env: { ...process.env, ...keepingMemory },
    stdio: ["ignore", "inherit", "inherit", "ipc"],
  });
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  const ask = asking(child);
  // A child that could not start has nothing to do, and would keep its parent for ever.
  const begun = (await ask("start", options).catch((thrown) => {
    child.kill("SIGKILL");
    throw thrown;
  })) as Pick<Emulator, "endpoints" | "environment">;
  assert(child.pid !== undefined, "a child that answers has a process id");
  // Keeps nobody alive who has nothing else to do; the child ends with the channel.
  child.unref();
  child.channel?.unref();
  return {
    ...begun,
    pid: child.pid,
    ended,
    bill: () => ask("bill") as ReturnType<Emulator["bill"]>,
    environments: () => ask("environments") as ReturnType<Emulator["environments"]>,
    setWeather: (weather) => ask("setWeather", weather) as Promise<void>,
    deploy: (name, config) => ask("deploy", { name, config }) as Promise<string | null>,
    remove: (name) => ask("remove", name) as Promise<void>,
    issueKeys: () => ask("issueKeys") as ReturnType<Emulator["issueKeys"]>,
    async close() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.ref();
      await Promise.race([ask("close"), ended]);
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

/** Questions over the channel, each with its answer. */
function asking(
  child: ChildProcess,
): (question: EmulatorRequest, value?: unknown) => Promise<unknown> {
  const open = new Map<number, PromiseWithResolvers<unknown>>();
  let count = 0;
  child.on("message", ({ id, value, error }: EmulatorAnswer) => {
    const waiting = open.get(id);
    open.delete(id);
    if (error === undefined) waiting?.resolve(value);
    else waiting?.reject(new RunError(error.code, error.message, { hint: error.hint ?? "" }));
    if (open.size === 0) child.channel?.unref();
  });
  child.once("exit", (code, signal) => {
    for (const { reject } of open.values())
      reject(new RunError("emulator-ended", `the emulator has ended: ${signal ?? code}`));
    open.clear();
  });
  return (question, value) => {
    const id = ++count;
    const answer = Promise.withResolvers<unknown>();
    open.set(id, answer);
    child.channel?.ref();
    child.send({ id, question, value } satisfies EmulatorCall, (error) => {
      if (error === null || !open.delete(id)) return;
      answer.reject(new RunError("emulator-ended", `the emulator has ended: ${error.message}`));
    });
    return answer.promise;
  };
}
