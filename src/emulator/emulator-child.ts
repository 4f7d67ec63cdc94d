import type { ErrorCode } from "../core/error-codes/error-codes.ts";
import { messageOf, RunError } from "../core/errors.ts";
import { type Emulator, type EmulatorOptions, startEmulator } from "./emulator.ts";
import type { FunctionConfig } from "./lambda/function-config.ts";

/** The emulator's own process: answers its parent over the channel and ends with it. */
export type EmulatorRequest =
  | "start"
  | "bill"
  | "environments"
  | "setWeather"
  | "deploy"
  | "remove"
  | "issueKeys"
  | "close";

export interface EmulatorCall {
  readonly id: number;
  readonly question: EmulatorRequest;
  readonly value: unknown;
}

/** A failure as it crosses the channel. */
interface Told {
  readonly code: ErrorCode;
  readonly message: string;
  readonly hint?: string;
}

export interface EmulatorAnswer {
  readonly id: number;
  readonly value?: unknown;
  readonly error?: Told;
}

let emulator: Emulator | undefined;

process.on("message", (call: EmulatorCall) => {
  answer(call).then(
    (value) => reply({ id: call.id, value }),
    (thrown: unknown) => reply({ id: call.id, error: described(thrown) }),
  );
});
process.once("disconnect", () => process.exit(0));
// A terminal's interrupt reaches the whole group; the parent decides when this process ends.
for (const signal of ["SIGINT", "SIGHUP"] as const) process.on(signal, () => {});

async function answer({ question, value }: EmulatorCall): Promise<unknown> {
  if (question === "start") {
    emulator = await startEmulator(value as EmulatorOptions);
    return { endpoints: emulator.endpoints, environment: emulator.environment };
  }
  if (emulator === undefined) throw new Error("the emulator has not been started");
  if (question === "bill") return emulator.bill();
  if (question === "environments") return emulator.environments();
  if (question === "remove") return emulator.remove(value as string);
  if (question === "issueKeys") return emulator.issueKeys();
  if (question === "setWeather") return emulator.setWeather(value as never);
  if (question === "deploy") {
    const { name, config } = value as { name: string; config: FunctionConfig };
    return emulator.deploy(name, config);
  }
  await emulator.close();
  setImmediate(() => process.disconnect?.());
  return undefined;
}

function reply(answered: EmulatorAnswer): void {
  // A parent that is gone needs no answer; the channel's end ends this process.
  process.send?.(answered, undefined, undefined, () => {});
}

function described(thrown: unknown): NonNullable<EmulatorAnswer["error"]> {
  const message = messageOf(thrown);
  if (!(thrown instanceof RunError)) return { code: "emulator", message };
  const { code, hint } = thrown;
  return hint === undefined ? { code, message } : { code, message, hint };
}
