import { Command, CommanderError } from "commander";
import { exitCodes } from "../core/errors.ts";
import { kofnVersion } from "../core/version.ts";
import { addDataCommands } from "./commands-data.ts";
import { addPrivacyCommands } from "./commands-privacy.ts";
import { addRunCommands } from "./commands-run.ts";
import { addStartCommands } from "./commands-start.ts";
import { reportFailure } from "./failure.ts";
import type { Terminal } from "./terminal.ts";

/** How a subcommand is declared: what it does is loaded when it is called. */
export type Declare = (program: Command, invoke: Invoke) => void;

/** Remembers the exit code of the command that was called. */
export type Invoke = (work: (terminal: Terminal) => Promise<number>) => Promise<void>;

/** Runs one command line. Every error ends here. Returns what the process exits with. */
export async function runCli(args: readonly string[], terminal: Terminal): Promise<number> {
  let exitCode = 0;
  let stage: string | undefined;
  const invoke: Invoke = async (work) => {
    exitCode = await work({ ...terminal, stage });
  };
  const program = programOf(terminal, invoke);
  program.hook("preAction", (_program, action) => {
    stage = action.opts<{ stage?: string }>().stage;
  });
  try {
    await program.parseAsync([...args], { from: "user" });
    return exitCode;
  } catch (thrown) {
    if (thrown instanceof CommanderError) return thrown.exitCode === 0 ? 0 : exitCodes.input;
    terminal.live?.clear();
    return reportFailure(thrown, terminal);
  }
}

function programOf(terminal: Terminal, invoke: Invoke): Command {
  const program = new Command("kofn")
    .description("Trains models on AWS Lambda with any k of n workers, or here without an account.")
    .version(kofnVersion)
    .showSuggestionAfterError(true)
    .exitOverride()
    .configureOutput({
      writeOut: (text) => terminal.out(text.trimEnd()),
      writeErr: (text) => terminal.err(text.trimEnd()),
      outputError: (text, write) => write(usageError(text)),
    })
    .addHelpText("after", "\nRUN is a run's name, a unique part of one, or latest.");
  addStartCommands(program, invoke);
  addRunCommands(program, invoke);
  addDataCommands(program, invoke);
  addPrivacyCommands(program, invoke);
  return program;
}

/** commander's words in the form of our own messages. */
function usageError(text: string): string {
  const [message = "", suggestion = ""] = text.trim().split("\n");
  const meant = suggestion.replace(/^\((.*)\)$/, "$1");
  return `${message}\nhint: ${meant === "" ? "" : `${meant} `}see kofn --help`;
}
