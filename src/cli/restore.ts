import { restoreStage } from "../platform/training/restore-stage.ts";
import type { Declare } from "./command.ts";
import { printJson, say, type Terminal } from "./terminal.ts";

export const declareRestore: Declare = (command, invoke) => {
  command
    .description("Gives a deployed stage's functions back the concurrency its kill switch took.")
    .requiredOption("--stage <name>", "the deployed stage")
    .option("--json", "a JSON line for each function on standard output")
    .action((options) => invoke((terminal) => restore(options, terminal)));
};

/** `kofn restore --stage NAME`: gives back the concurrency that the kill switch took. */
export async function restore(
  options: { readonly stage: string; readonly json?: boolean },
  terminal: Terminal,
): Promise<number> {
  const speak = say(terminal, options);
  for (const [name, reserved] of await restoreStage(options.stage)) {
    const what = reserved === null ? "nothing reserved" : `${reserved} reserved`;
    speak(`${name} starts again: ${what}`);
    if (options.json === true) printJson(terminal, { type: "restored", function: name, reserved });
  }
  return 0;
}
