import type { Command } from "commander";
import type { Invoke } from "./program.ts";

const settingHelp = "change one value of the spec, as in stop.rounds=50; may be repeated";
const backendHelp = "emulated, threads or simulated";

/** The commands that begin something from a spec, and the one that tells what that will take. */
export function addStartCommands(program: Command, invoke: Invoke): void {
  addStarts(program, invoke);
  addPlan(program, invoke);
}

function addStarts(program: Command, invoke: Invoke): void {
  program
    .command("run")
    .summary("train by a spec, and report")
    .description("Encodes the data if needed, trains, and writes model and report.")
    .argument("<SPEC>", "a .yaml, .json or .ts file")
    .option("--set <path=value>", settingHelp, collect, [])
    .option("--backend <name>", backendHelp, "emulated")
    .option("--stage <name>", "the deployed stage to run in, instead of here")
    .option("--name <name>", "the run's name instead of one made up")
    .option("--json", "events as JSON lines on standard output, the result last")
    .option("--open", "open the report in a browser")
    .action((path, options) =>
      invoke(async (terminal) => (await import("./run.ts")).run(path, options, terminal)),
    );
  program
    .command("simulate")
    .summary("train on a virtual clock, with any number of workers")
    .description("Like run --backend simulated: the real mathematics, simulated time.")
    .argument("<SPEC>", "a .yaml, .json or .ts file")
    .option("--set <path=value>", settingHelp, collect, [])
    .option("--name <name>", "the run's name instead of one made up")
    .option("--json", "events as JSON lines on standard output, the result last")
    .option("--open", "open the report in a browser")
    .action((path, options) =>
      invoke(async (terminal) => {
        const { run } = await import("./run.ts");
        return run(path, { ...options, backend: "simulated" }, terminal);
      }),
    );
  program
    .command("compare")
    .summary("one run per setting, on the same delays")
    .description("Trains once per setting with the same seed, hence the same delays.")
    .argument("<SPEC>", "a .yaml, .json or .ts file")
    .requiredOption(
      "--vary <path=a,b,c>",
      "the settings of one value; several of these give all combinations",
      collect,
    )
    .option("--set <path=value>", settingHelp, collect, [])
    .option("--backend <name>", backendHelp, "emulated")
    .option("--repeats <n>", "as often, with the seeds that follow", "1")
    .option("--json", "events as JSON lines on standard output, the result last")
    .option("--open", "open the report in a browser")
    .action((path, options) =>
      invoke(async (terminal) =>
        (await import("./compare.ts")).compareCommand(path, options, terminal),
      ),
    );
}

function addPlan(program: Command, invoke: Invoke): void {
  program
    .command("plan")
    .summary("what a run will take, and what to choose; starts nothing")
    .description(
      "Forecasts seconds, dollars, bytes and error, and chooses what the spec leaves to auto: " +
        "workers, wait or encoding. Not encoding and waiting for all is always considered.",
    )
    .argument("<SPEC>", "a .yaml, .json or .ts file")
    .option("--set <path=value>", settingHelp, collect, [])
    .option("--backend <name>", backendHelp, "emulated")
    .option("--from <RUN>", "take the lateness that a run of this home met")
    .option("--probe", "take the lateness that a few rounds meet; starts workers")
    .option("--for <goal>", "what is to be least: seconds or dollars", "seconds")
    .option("--json", "alternatives as JSON lines on standard output, the plan last")
    .action((path, options) =>
      invoke(async (terminal) => (await import("./plan.ts")).plan(path, options, terminal)),
    );
}

function collect(text: string, before: readonly string[] = []): string[] {
  return [...before, text];
}
