import type { Command } from "commander";
import type { Invoke } from "./program.ts";

const runHelp = "a run's name, a unique part of one, or latest";
const stageHelp = "a deployed stage's runs instead of this home's";
const jsonHelp = "JSON lines on standard output, the result last";

/** The commands about runs that are there. */
export function addRunCommands(program: Command, invoke: Invoke): void {
  addLooks(program, invoke);
  addBill(program, invoke);
  addDeeds(program, invoke);
}

function addLooks(program: Command, invoke: Invoke): void {
  program
    .command("list")
    .summary("the runs of this home")
    .option("--stage <name>", stageHelp)
    .option("--json", jsonHelp)
    .action((options) =>
      invoke(async (terminal) => (await import("./list.ts")).list(options, terminal)),
    );
  program
    .command("show")
    .summary("what a run is, how far it came, what happened last")
    .argument("<RUN>", runHelp)
    .option("--stage <name>", stageHelp)
    .option("--json", jsonHelp)
    .action((run, options) =>
      invoke(async (terminal) => (await import("./show.ts")).show(run, options, terminal)),
    );
  program
    .command("watch")
    .summary("follow a run that another terminal started")
    .argument("<RUN>", runHelp)
    .option("--stage <name>", stageHelp)
    .option("--json", jsonHelp)
    .action((run, options) =>
      invoke(async (terminal) => (await import("./watch.ts")).watch(run, options, terminal)),
    );
}

function addBill(program: Command, invoke: Invoke): void {
  program
    .command("bill")
    .summary("what a run was charged for, and whether AWS says the same")
    .argument("<RUN>", runHelp)
    .option("--stage <name>", stageHelp)
    .option("--cost-file <path>", "AWS's own costs to compare with: CUR 2.0 as CSV, plain or gzip")
    .option("--json", jsonHelp)
    .action((run, options) =>
      invoke(async (terminal) => (await import("./bill.ts")).bill(run, options, terminal)),
    );
}

function addDeeds(program: Command, invoke: Invoke): void {
  program
    .command("resume")
    .summary("go on with a run from its checkpoint")
    .argument("<RUN>", runHelp)
    .option(
      "--set <path=value>",
      "change stop.* or wait, as in stop.seconds=60; may be repeated",
      (text: string, before: readonly string[]) => [...before, text],
      [],
    )
    .option("--stage <name>", stageHelp)
    .option("--json", jsonHelp)
    .action((run, options) =>
      invoke(async (terminal) =>
        (await import("./resume.ts")).resumeCommand(run, options, terminal),
      ),
    );
  program
    .command("cancel")
    .summary("stop a run, its checkpoint kept")
    .argument("<RUN>", runHelp)
    .option("--stage <name>", stageHelp)
    .action((run) =>
      invoke(async (terminal) => (await import("./cancel.ts")).cancel(run, terminal)),
    );
  program
    .command("replay")
    .summary("compute a run again from its recorded arrivals, and compare")
    .argument("<RUN>", runHelp)
    .option("--stage <name>", stageHelp)
    .option("--json", jsonHelp)
    .action((run, options) =>
      invoke(async (terminal) =>
        (await import("./replay.ts")).replayCommand(run, options, terminal),
      ),
    );
  program
    .command("report")
    .summary("write a run's page again, and open it")
    .argument("<RUN>", runHelp)
    .option("--stage <name>", stageHelp)
    .option("--open", "open it in a browser")
    .action((run, options) =>
      invoke(async (terminal) => (await import("./report.ts")).report(run, options, terminal)),
    );
}
