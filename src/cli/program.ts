import { Command, CommanderError } from "commander";
import { exitCodes, remedyOf } from "../core/error-codes/error-codes.ts";
import { messageOf, RunError } from "../core/errors.ts";
import { machineFailureOf } from "../core/machine-failures.ts";
import { kofnVersion } from "../core/version.ts";
import { type Declare, type Invoke, refuseUnused, usageError } from "./command.ts";
import { meantBy, spokenAs } from "./synonyms.ts";
import type { Terminal } from "./terminal.ts";

interface CommandEntry {
  /** Its arguments, as help shows them. */
  readonly usage: string;
  readonly summary: string;
  /** Declares its arguments and options; its file is loaded when it is called. */
  load(): Promise<Declare>;
}

/** Every command, in the order of the help. */
const commands: Readonly<Record<string, CommandEntry>> = {
  run: {
    usage: "<SPEC>",
    summary: "train by a spec, and report",
    load: async () => (await import("./run.ts")).declareRun,
  },
  inspect: {
    usage: "<FILE>",
    summary: "what a data file holds, and what becomes of its columns",
    load: async () => (await import("./data/inspect.ts")).declareInspect,
  },
  init: {
    usage: "<FILE>",
    summary: "write a spec to train on a data file",
    load: async () => (await import("./data/init.ts")).declareInit,
  },
  simulate: {
    usage: "<SPEC>",
    summary: "train on a virtual clock, with any number of workers",
    load: async () => (await import("./run.ts")).declareSimulate,
  },
  compare: {
    usage: "<SPEC>",
    summary: "one run per setting, on the same delays",
    load: async () => (await import("./compare.ts")).declareCompare,
  },
  plan: {
    usage: "<SPEC>",
    summary: "what a run will take, and what to choose; starts nothing",
    load: async () => (await import("./plan/plan.ts")).declarePlan,
  },
  list: {
    usage: "",
    summary: "the runs of this home",
    load: async () => (await import("./list.ts")).declareList,
  },
  show: {
    usage: "<RUN>",
    summary: "what a run is, how far it came, what happened last",
    load: async () => (await import("./show.ts")).declareShow,
  },
  watch: {
    usage: "<RUN>",
    summary: "follow a run that another terminal started",
    load: async () => (await import("./watch.ts")).declareWatch,
  },
  ui: {
    usage: "[RUN]",
    summary: "a live page of the runs: follow, compare, cancel and resume them",
    load: async () => (await import("./ui.ts")).declareUi,
  },
  bill: {
    usage: "<RUN>",
    summary: "what a run was charged for, and whether AWS says the same",
    load: async () => (await import("./bill.ts")).declareBill,
  },
  resume: {
    usage: "<RUN>",
    summary: "go on with a run from its checkpoint",
    load: async () => (await import("./resume.ts")).declareResume,
  },
  cancel: {
    usage: "<RUN>",
    summary: "stop a run, its checkpoint kept",
    load: async () => (await import("./cancel.ts")).declareCancel,
  },
  forget: {
    usage: "<RUN>",
    summary: "remove the secrets of a private run",
    load: async () => (await import("./cancel.ts")).declareForget,
  },
  replay: {
    usage: "<RUN>",
    summary: "compute a run again from its recorded arrivals, and compare",
    load: async () => (await import("./replay.ts")).declareReplay,
  },
  report: {
    usage: "<RUN>",
    summary: "write a run's page again, and open it",
    load: async () => (await import("./report.ts")).declareReport,
  },
  weather: {
    usage: "<RUN>",
    summary: "the lateness and faults a run met, as a weather for specs",
    load: async () => (await import("./weather.ts")).declareWeather,
  },
  encode: {
    usage: "<SPEC>",
    summary: "write encoded shards, train nothing",
    load: async () => (await import("./encode.ts")).declareEncode,
  },
  predict: {
    usage: "<RUN> <DATA>",
    summary: "use a run's model on raw rows",
    load: async () => (await import("./predict.ts")).declarePredict,
  },
  export: {
    usage: "<RUN>",
    summary: "the model for others: safetensors, onnx, hub, tfjs, npy or json",
    load: async () => (await import("./export.ts")).declareExport,
  },
  serve: {
    usage: "<RUN>",
    summary: "answer predictions over HTTP, to this machine alone",
    load: async () => (await import("./serve.ts")).declareServe,
  },
  tag: {
    usage: "<RUN> [TAGS...]",
    summary: "put tags and a note to a run",
    load: async () => (await import("./list.ts")).declareTag,
  },
  rm: {
    usage: "<RUN>",
    summary: "remove a run for good",
    load: async () => (await import("./remove.ts")).declareRemove,
  },
  emulate: {
    usage: "",
    summary: "the local Lambda and S3 alone, for tests of your own",
    load: async () => (await import("./emulate.ts")).declareEmulate,
  },
  restore: {
    usage: "",
    summary: "let a stage's functions start again after its kill switch",
    load: async () => (await import("./restore.ts")).declareRestore,
  },
  doctor: {
    usage: "",
    summary: "what works here, and how to mend what does not",
    load: async () => (await import("./doctor.ts")).declareDoctor,
  },
  account: {
    usage: "",
    summary: "privacy budgets from the accountants, without a run",
    load: async () => (await import("./account.ts")).declareAccount,
  },
  release: {
    usage: "<SPEC>",
    summary: "a private sketch or copy of the data, to train on freely",
    load: async () => (await import("./release.ts")).declareRelease,
  },
};

/** Runs one command line and handles every error. Returns the exit code. */
export async function runCli(given: readonly string[], plain: Terminal): Promise<number> {
  const terminal = spokenAs(plain, Object.keys(commands));
  let args = given;
  try {
    const meant = meantBy(given);
    for (const note of meant.notes) terminal.err(`note: ${note}`);
    args = meant.args;
  } catch (thrown) {
    return reportFailure(thrown, terminal);
  }
  let exitCode = 0;
  let stage: string | undefined;
  const invoke: Invoke = async (work) => {
    exitCode = await work({ ...terminal, stage });
  };
  const program = await openProgram(args, terminal, invoke);
  program.hook("preAction", (_program, action) => {
    stage = action.opts<{ stage?: string }>().stage;
    refuseUnused(action);
  });
  try {
    await program.parseAsync([...args], { from: "user" });
    return exitCode;
  } catch (thrown) {
    if (thrown instanceof CommanderError) return thrown.exitCode === 0 ? 0 : exitCodes.input;
    terminal.live?.clear();
    return reportFailure(thrown, { ...terminal, stage });
  }
}

/** The program: the called command with all its options, the others by name only. */
async function openProgram(
  args: readonly string[],
  terminal: Terminal,
  invoke: Invoke,
): Promise<Command> {
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
    .configureHelp({
      subcommandTerm: (command) =>
        command.name() === "help"
          ? "help [command]"
          : `${command.name()} [options] ${argumentsOf(command)}`.trim(),
    })
    .addHelpText("after", "\nRUN is a run's name, a unique part of one, or latest.");
  const called = args[0] === "help" ? args[1] : args[0];
  for (const [name, { usage, summary, load }] of Object.entries(commands))
    if (name === called) (await load())(program.command(name).summary(summary), invoke);
    else program.command(`${name} ${usage}`).summary(summary);
  return program;
}

function argumentsOf(command: Command): string {
  return command.registeredArguments
    .map((argument) => {
      const name = `${argument.name()}${argument.variadic ? "..." : ""}`;
      return argument.required ? `<${name}>` : `[${name}]`;
    })
    .join(" ");
}

/** Reports an error, once, and returns the exit code: 1 for a fault of ours. */
function reportFailure(failure: unknown, terminal: Terminal): number {
  const { err, paint, home, stage } = terminal;
  const thrown = machineFailureOf(failure, stage === undefined ? home : null) ?? failure;
  if (thrown instanceof RunError) {
    err(`${paint.red("error:")} ${oneLine(thrown.message)}`);
    err(`${paint.cyan("hint:")} ${oneLine(thrown.hint || remedyOf(thrown.code))}`);
  } else {
    err(`${paint.red("error:")} a fault in kofn: ${oneLine(messageOf(thrown))}; please report it`);
  }
  if (process.env.KOFN_DEBUG === "1" && thrown instanceof Error) err(thrown.stack ?? "");
  return thrown instanceof RunError ? exitCodes[thrown.kind] : 1;
}

/** Text from files must not move the cursor or fill the screen. */
function oneLine(text: string): string {
  const line = text.replace(/\p{Cc}+/gu, " ").trim();
  return line.length <= 2_000 ? line : `${line.slice(0, 2_000)}...`;
}
