import type { Command } from "commander";
import type { Invoke } from "./program.ts";

const runHelp = "a run's name, a unique part of one, or latest";

/** The commands about data, models and this machine. */
export function addDataCommands(program: Command, invoke: Invoke): void {
  program
    .command("encode")
    .summary("write encoded shards, train nothing")
    .argument("<SPEC>", "a .yaml, .json or .ts file")
    .option(
      "--set <path=value>",
      "change one value of the spec, as in stop.rounds=50; may be repeated",
      (text: string, before: readonly string[]) => [...before, text],
      [],
    )
    .option("--json", "the result as a JSON line on standard output")
    .action((path, options) =>
      invoke(async (terminal) => (await import("./encode.ts")).encodeSpec(path, options, terminal)),
    );
  program
    .command("predict")
    .summary("use a run's model on raw rows")
    .description(
      "Writes CSV: the row's number within the file (from 0), and the prediction, or the class " +
        "and the second class's probability. Tells metrics where the target's column is there.",
    )
    .argument("<RUN>", runHelp)
    .argument("<DATA>", "a data file with the columns the model was trained on")
    .option("--output <file>", "write to a file instead of standard output")
    .action((run, data, options) =>
      invoke(async (terminal) => {
        const { predictCommand } = await import("./predict.ts");
        return predictCommand(run, data, options, terminal);
      }),
    );
  program
    .command("export")
    .summary("the model as safetensors, npy, tfjs or json")
    .argument("<RUN>", runHelp)
    .option("--format <name>", "safetensors, npy, tfjs or json", "safetensors")
    .option("--output <path>", "a file; for tfjs a folder")
    .action((run, options) =>
      invoke(async (terminal) => {
        const { exportModel } = await import("./export.ts");
        return exportModel(run, options, terminal);
      }),
    );
  program
    .command("emulate")
    .summary("the local Lambda and S3 alone, for tests of your own")
    .option("--weather <model>", "how the platform behaves: a name, or {model: late, ...}", "calm")
    .option("--json", "JSON lines on standard output")
    .action((options) =>
      invoke(async (terminal) => (await import("./emulate.ts")).emulate(options, terminal)),
    );
  addPlatformCommands(program, invoke);
}

function addPlatformCommands(program: Command, invoke: Invoke): void {
  program
    .command("restore")
    .summary("let a stage's functions start again after its kill switch")
    .description("Gives a deployed stage's functions back the concurrency its kill switch took.")
    .requiredOption("--stage <name>", "the deployed stage")
    .option("--json", "a JSON line for each function on standard output")
    .action((options) =>
      invoke(async (terminal) => (await import("./restore.ts")).restore(options, terminal)),
    );
  program
    .command("doctor")
    .summary("what works here, and how to mend what does not")
    .option("--json", "JSON lines on standard output, the result last")
    .action((options) =>
      invoke(async (terminal) => (await import("./doctor.ts")).doctor(options, terminal)),
    );
}
