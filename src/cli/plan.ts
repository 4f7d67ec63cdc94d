import { checkSpec } from "../backends/check-spec.ts";
import { planInHome } from "../backends/plan-run.ts";
import { checkBackend } from "../backends/registry.ts";
import { RunError } from "../core/errors.ts";
import type { Goal } from "../planner/considered.ts";
import { parseSetting } from "../run/settings.ts";
import { readSpec } from "../run/spec-file.ts";
import { alternativesTable, planFacts, toldAlternatives, toldPlan } from "./plan-words.ts";
import { progress } from "./progress.ts";
import { say, type Terminal, tell } from "./terminal.ts";

export interface PlanOptions {
  readonly set: readonly string[];
  readonly backend: string;
  readonly for: string;
  readonly json?: boolean;
}

const goals: readonly Goal[] = ["seconds", "dollars"];

/** `kofn plan SPEC`: what it will take, and what is chosen for `auto`; starts nothing. */
export async function plan(
  path: string,
  options: PlanOptions,
  terminal: Terminal,
): Promise<number> {
  const backend = checkBackend(options.backend);
  const goal = goalOf(options.for);
  const settings = options.set.map((text) => parseSetting(text, "--set"));
  const spec = checkSpec(await readSpec(path, settings));
  const bar = progress(terminal, spec.stop);
  const { home } = terminal;
  const { onStage } = bar;
  const made = await planInHome({ spec, backend, home, goal, onStage }).finally(bar.close);
  const speak = say(terminal, options);
  speak(alternativesTable(made, goal));
  speak("");
  speak(planFacts(made));
  if (options.json === true) {
    for (const alternative of toldAlternatives(made)) tell(terminal, alternative);
    tell(terminal, toldPlan(made, goal));
  }
  return 0;
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
