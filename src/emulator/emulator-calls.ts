import type { ErrorCode } from "../core/error-codes/error-codes.ts";
import { messageOf, RunError } from "../core/errors.ts";
import type { FunctionConfig } from "./lambda/function-config.ts";
import type { Emulator } from "./users.ts";

/** What another process asks an emulator, once it is there. */
export type EmulatorQuestion = Exclude<keyof Emulator, "endpoints" | "environment">;

export interface EmulatorCall<Question extends string = string> {
  readonly id: number;
  readonly question: Question;
  readonly value?: unknown;
}

/** A failure as it crosses a channel. */
interface Failure {
  readonly code: ErrorCode;
  readonly message: string;
  readonly hint?: string;
}

export interface EmulatorAnswer {
  readonly id: number;
  readonly value?: unknown;
  readonly error?: Failure;
}

/** Answers a question of another process, `close` included. */
export function answerBy(
  emulator: Emulator,
  question: EmulatorQuestion,
  value: unknown,
): Promise<unknown> {
  if (question === "setWeather") return emulator.setWeather(value as never);
  if (question === "remove") return emulator.remove(value as string);
  if (question !== "deploy") return emulator[question]();
  const { name, config } = value as { name: string; config: FunctionConfig };
  return emulator.deploy(name, config);
}

/** Carries out a call, and tells how it ended. */
export async function answerOf(
  { id }: Pick<EmulatorCall, "id">,
  work: () => Promise<unknown>,
): Promise<EmulatorAnswer> {
  try {
    return { id, value: await work() };
  } catch (thrown) {
    return { id, error: described(thrown) };
  }
}

function described(thrown: unknown): Failure {
  const message = messageOf(thrown);
  if (!(thrown instanceof RunError)) return { code: "emulator", message };
  const { code, hint } = thrown;
  return hint === undefined ? { code, message } : { code, message, hint };
}

/** Questions over a channel, each with its answer. */
export interface EmulatorCaller {
  ask(question: string, value?: unknown): Promise<unknown>;
  take(answer: EmulatorAnswer): void;
  /** All that is open fails: the other side is gone. */
  fail(reason: string): void;
}

/** `send` rejects where the other side is gone; `hold` keeps this process while it waits. */
export function callingEmulator(
  send: (call: EmulatorCall) => Promise<void>,
  hold: (isOpen: boolean) => void,
): EmulatorCaller {
  const open = new Map<number, PromiseWithResolvers<unknown>>();
  let count = 0;
  const ended = (reason: string) =>
    new RunError("emulator-ended", `the emulator has ended: ${reason}`);
  return {
    ask(question, value) {
      const id = ++count;
      const answer = Promise.withResolvers<unknown>();
      open.set(id, answer);
      hold(true);
      send({ id, question, value }).catch((thrown: unknown) => {
        if (open.delete(id)) answer.reject(ended(messageOf(thrown)));
      });
      return answer.promise;
    },
    take({ id, value, error }) {
      const waiting = open.get(id);
      open.delete(id);
      if (error === undefined) waiting?.resolve(value);
      else waiting?.reject(new RunError(error.code, error.message, { hint: error.hint ?? "" }));
      if (open.size === 0) hold(false);
    },
    fail(reason) {
      for (const { reject } of open.values()) reject(ended(reason));
      open.clear();
    },
  };
}

/** An emulator of another process, but for its end. */
export function emulatorBy({ ask }: Pick<EmulatorCaller, "ask">) {
  return {
    bill: () => ask("bill") as ReturnType<Emulator["bill"]>,
    environments: () => ask("environments") as ReturnType<Emulator["environments"]>,
    setWeather: (weather: Parameters<Emulator["setWeather"]>[0]) =>
      ask("setWeather", weather) as Promise<void>,
    deploy: (name: string, config: FunctionConfig) =>
      ask("deploy", { name, config }) as Promise<string | null>,
    remove: (name: string) => ask("remove", name) as Promise<void>,
    issueKeys: () => ask("issueKeys") as ReturnType<Emulator["issueKeys"]>,
  };
}
