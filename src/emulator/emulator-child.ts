import { startEmulator } from "./emulator.ts";
import {
  answerBy,
  answerOf,
  type EmulatorAnswer,
  type EmulatorCall,
  type EmulatorQuestion,
} from "./emulator-calls.ts";
import type { Emulator, EmulatorOptions } from "./users.ts";

/** The emulator's own process: answers its parent over the channel and ends with it. */
let emulator: Emulator | undefined;

process.on("message", (call: EmulatorCall<EmulatorQuestion | "start">) => {
  void answerOf(call, () => carriedOut(call)).then(reply);
});
process.once("disconnect", () => process.exit(0));
// A terminal's interrupt reaches the whole group; the parent decides when this process ends.
for (const signal of ["SIGINT", "SIGHUP"] as const) process.on(signal, () => {});

async function carriedOut({
  question,
  value,
}: EmulatorCall<EmulatorQuestion | "start">): Promise<unknown> {
  if (question === "start") {
    emulator = await startEmulator(value as EmulatorOptions);
    return { endpoints: emulator.endpoints, environment: emulator.environment };
  }
  if (emulator === undefined) throw new Error("the emulator has not been started");
  const result = await answerBy(emulator, question, value);
  if (question === "close") setImmediate(() => process.disconnect?.());
  return result;
}

function reply(answer: EmulatorAnswer): void {
  // A parent that is gone needs no answer; the channel's end ends this process.
  process.send?.(answer, undefined, undefined, () => {});
}
