import { RunError } from "../../core/errors.ts";
import type { Goal } from "../../planner/candidate.ts";
import { plainConfiguration, specWith } from "../../planner/configuration.ts";
import { checkBackend } from "../../platform/local/registry.ts";
import { checkSpec } from "../../platform/training/check-spec.ts";
import { nameRun } from "../../platform/training/create-run.ts";
import { countEgress } from "../../platform/training/egress.ts";
import { planInHome, planStagesInHome } from "../../platform/training/forecast-run.ts";
import { trainNew } from "../../platform/training/train.ts";
import { readSpec } from "../../run/spec-file.ts";
import { parseOverride } from "../../spec/overrides.ts";
import type { RunSpec } from "../../spec/run-spec.ts";
import { strategies } from "../../strategies/registry.ts";
import { backendHelp, collectValues, type Declare, settingHelp } from "../command.ts";
import { progressView } from "../progress.ts";
import { printJson, say, type Terminal } from "../terminal.ts";
import { trainWithProgress } from "../training.ts";
import { alternativesInWords, alternativesTable, planFacts, planInWords } from "./plan-words.ts";
import { reductionsTable } from "./reductions-plan.ts";
import { settingsTable, stagesFacts, stagesInWords, stagesTable } from "./stages-plan.ts";

export interface PlanOptions {
  readonly set: readonly string[];
  readonly backend: string;
  readonly for: string;
  readonly from?: string;
  readonly probe?: boolean;
  readonly json?: boolean;
}

const probeRounds = 8;

const goals: readonly Goal[] = ["seconds", "dollars"];

export const declarePlan: Declare = (command, invoke) => {
  command
    .description(
      "Forecasts seconds, dollars, bytes and error, and chooses what the spec leaves to auto: " +
        "workers, wait or encoding. Not encoding and waiting for all is always considered.",
    )
    .argument("<SPEC>", "a .yaml, .json or .ts file")
    .option("--set <path=value>", settingHelp, collectValues, [])
    .option("--backend <name>", backendHelp, "emulated")
    .option("--from <RUN>", "take the lateness that a run of this home met")
    .option("--probe", "take the lateness that a few rounds meet; starts workers")
    .option("--for <goal>", "what is to be least: seconds or dollars", "seconds")
    .option("--json", "alternatives as JSON lines on standard output, the plan last")
    .action((path, options) => invoke((terminal) => planCommand(path, options, terminal)));
};

/** `kofn plan SPEC`: forecasts a run and resolves `auto`; starts nothing. */
export async function planCommand(
  path: string,
  options: PlanOptions,
  terminal: Terminal,
): Promise<number> {
  const backend = checkBackend(options.backend);
  const goal = goalOf(options.for);
  const settings = options.set.map((text) => parseOverride(text, "--set"));
  const spec = checkSpec(await readSpec(path, settings));
  const bar = progressView(terminal, spec.stop);
  const { onPhase } = bar;
  const onNote = (text: string) => terminal.err(`note: ${text}`);
  const from =
    options.from ?? (options.probe === true ? await probe(spec, backend, terminal) : null);
  const { onSource, told } = countEgress();
  const telling = { onPhase, onNote, onSource };
  const about = { spec, backend, goal, ...telling, ...(from === null ? {} : { from }) };
  if (strategies.create(spec.strategy).forecastStages !== undefined) {
    const stages = await planStagesInHome(terminal.home, about).finally(bar.close);
    const speak = say(terminal, options);
    speak(stagesTable(stages));
    speak("");
    speak(stagesFacts(stages, spec.stop.rounds));
    speak("");
    speak(settingsTable(stages));
    if (options.json === true) for (const line of stagesInWords(stages)) printJson(terminal, line);
    return 0;
  }
  const proposed = await planInHome(terminal.home, about).finally(bar.close);
  const speak = say(terminal, options);
  speak(alternativesTable(proposed, goal));
  speak("");
  speak(planFacts(proposed, told()));
  if (proposed.reductions.length > 0) speak(`\n${reductionsTable(proposed)}`);
  if (options.json === true) {
    for (const alternative of alternativesInWords(proposed)) printJson(terminal, alternative);
    for (const reduction of proposed.reductions)
      printJson(terminal, { type: "reduction", ...reduction });
    printJson(terminal, planInWords(proposed, goal, told()));
  }
  return 0;
}

/** The spec of a probe: a few rounds, unencoded and waiting for all, that measure lateness. */
async function probe(planned: RunSpec, backend: string, terminal: Terminal): Promise<string> {
  const run = nameRun();
  const stop = { ...planned.stop, rounds: probeRounds, tolerance: 0 };
  const spec = { ...specWith(planned, plainConfiguration(planned.workers)), stop };
  terminal.err(`probe ${terminal.paint.bold(run)} (${backend}): ${probeRounds} rounds`);
  const about = { run, spec, json: false, label: "probe" };
  const { end } = await trainWithProgress(about, terminal, (watchers) =>
    trainNew({ run, spec, backend, home: terminal.home }, watchers),
  );
  if (end.stop.kind === "done") return run;
  throw new RunError("probe-stopped", `the probe stopped: ${end.stop.reason}`, {
    hint: "plan without --probe, or from a run: --from RUN",
    kind: end.stop.kind,
  });
}

function goalOf(text: string): Goal {
  const goal = goals.find((one) => one === text);
  if (goal !== undefined) return goal;
  throw new RunError(
    "bad-goal",
    `--for: expected seconds or dollars, got ${JSON.stringify(text)}`,
    {
      hint: "say what is to be least, as in --for dollars",
    },
  );
}
