import { RunError } from "../core/errors.ts";
import type { Terminal } from "./terminal.ts";

/** Commands by other names that people try first. */
const commandNames: Readonly<Record<string, string>> = {
  train: "run",
  fit: "run",
  status: "show",
  ls: "list",
  ps: "list",
  delete: "rm",
  remove: "rm",
  infer: "predict",
  tail: "watch",
};

/** Commands that take a spec, and settings of it. */
const withSpec = ["run", "simulate", "compare", "plan", "encode", "release"];

/** Options that are settings of the spec. */
const settingNames: Readonly<Record<string, string>> = {
  "--workers": "workers",
  "--seed": "seed",
  "--rounds": "stop.rounds",
  "--learning-rate": "optimizer.learningRate",
  "--lr": "optimizer.learningRate",
};

/** A command line in kofn's own words. */
export interface Meant {
  readonly args: readonly string[];
  /** What was taken for what: told once, so that it can be learned. */
  readonly notes: readonly string[];
}

/** Other names of commands and options become ours. Throws `RunError` for one that others serve. */
export function meantBy(args: readonly string[]): Meant {
  const [first = "", ...rest] = args;
  if (first === "deploy")
    throw new RunError("unknown-name", "kofn deploys nothing itself: SST does", {
      hint: "npx sst deploy --stage NAME, then kofn run SPEC --stage NAME; see docs/deploy.md",
    });
  const command = Object.hasOwn(commandNames, first) ? commandNames[first]! : first;
  const notes = command === first ? [] : [`kofn ${first} is kofn ${command}`];
  if (!withSpec.includes(command)) return { args: [command, ...rest].slice(0, args.length), notes };
  const isDry = command === "run" && rest.includes("--dry-run");
  if (isDry) notes.push("kofn run --dry-run is kofn plan");
  const others = rest.filter((one) => !isDry || one !== "--dry-run");
  const settings = others.flatMap((one, i) => {
    const [name = "", inline] = one.split(/=(.*)/s);
    if (Object.hasOwn(settingNames, others[i - 1] ?? "")) return [];
    if (!Object.hasOwn(settingNames, name)) return [one];
    const value = inline ?? others[i + 1];
    if (value === undefined || value.startsWith("--"))
      throw new RunError("bad-setting", `${name}: there is no value`, {
        hint: `write it like ${name} 4, or --set ${settingNames[name]}=4`,
      });
    notes.push(`${name} ${value} is --set ${settingNames[name]}=${value}`);
    return ["--set", `${settingNames[name]}=${value}`];
  });
  return { args: [isDry ? "plan" : command, ...settings], notes };
}

/** Whoever typed `npx kofn` has no other kofn: commands that are told are told as that. */
export function spokenAs(terminal: Terminal, commands: readonly string[]): Terminal {
  const { called, err } = terminal;
  if (called === undefined) return terminal;
  const told = new RegExp(`(?<!npx )\\bkofn (?=(${commands.join("|")})\\b)`, "g");
  return { ...terminal, err: (line) => err(line.replace(told, `${called} `)) };
}
