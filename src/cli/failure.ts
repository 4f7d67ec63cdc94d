import { exitCodes, remedyOf } from "../core/error-codes/error-codes.ts";
import { messageOf, RunError } from "../core/errors.ts";
import type { Terminal } from "./terminal.ts";

/** A fault of ours, as opposed to anything a person can mend. */
const faultExitCode = 1;

/** Says what went wrong, once, and returns what the process exits with. */
export function reportFailure(thrown: unknown, terminal: Terminal): number {
  const { err, paint } = terminal;
  if (thrown instanceof RunError) {
    err(`${paint.red("error:")} ${oneLine(thrown.message)}`);
    err(`${paint.cyan("hint:")} ${oneLine(thrown.hint || remedyOf(thrown.code))}`);
  } else {
    err(`${paint.red("error:")} a fault in kofn: ${oneLine(messageOf(thrown))}; please report it`);
  }
  if (process.env.KOFN_DEBUG === "1" && thrown instanceof Error) err(thrown.stack ?? "");
  return thrown instanceof RunError ? exitCodes[thrown.kind] : faultExitCode;
}

/** Text from files must not move the cursor or fill the screen. */
function oneLine(text: string): string {
  const line = text.replace(/\p{Cc}+/gu, " ").trim();
  return line.length <= 2_000 ? line : `${line.slice(0, 2_000)}...`;
}
