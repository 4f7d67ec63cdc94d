import type { Command } from "commander";
import { RunError } from "../core/errors.ts";
import type { Terminal } from "./terminal.ts";

/** Gives a command its arguments, its options, and the function that it calls. */
export type Declare = (command: Command, invoke: Invoke) => void;

/** Remembers the exit code of the command that was called. */
export type Invoke = (work: (terminal: Terminal) => Promise<number>) => Promise<void>;

/** Help texts that several commands share. */
export const runHelp = "a run's name, a unique part of one, or latest";
export const stageHelp = "a deployed stage's runs instead of this home's";
export const jsonHelp = "JSON lines on standard output, the result last";
export const settingHelp = "change one value of the spec, as in stop.rounds=50; may be repeated";
export const backendHelp = "emulated, threads or simulated";

export const uiHelp = "a page that follows the run; it stays as long as somebody looks at it";

/** A port that an option names. */
export function portOf(text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 65_536;
  if (port <= 65_535) return port;
  throw new RunError("bad-option", `--port: ${text}, expected 0 to 65535`, {
    hint: "write it like --port 8080",
  });
}

/** Collects the values of an option that may be repeated, in order. */
export function collectValues(text: string, before: readonly string[] = []): string[] {
  return [...before, text];
}

/** By command, pairs of options of which one would be passed over in silence. */
const exclusive: Readonly<Record<string, readonly (readonly [string, string, string])[]>> = {
  run: [
    ["backend", "stage", "a stage has its own workers"],
    ["open", "stage", "a run in a stage goes on without this terminal: kofn report RUN --open"],
  ],
  plan: [["from", "probe", "both say which lateness the plan takes"]],
  export: [
    ["format", "publish", "a published model has kofn's own format"],
    ["output", "publish", "a model is published into the store"],
  ],
};

/** Throws `RunError` where an option was given that another one makes useless. */
export function refuseUnused(command: Command): void {
  const isGiven = (name: string) => command.getOptionValueSource(name) === "cli";
  for (const [option, other, why] of exclusive[command.name()] ?? [])
    if (isGiven(option) && isGiven(other))
      throw new RunError("bad-option", `--${option} and --${other}: ${why}`, {
        hint: `leave --${option} or --${other} out`,
      });
}

/** commander's messages in the form of our own. */
export function usageError(text: string): string {
  const [message = "", suggestion = ""] = text.trim().split("\n");
  const meant = suggestion.replace(/^\((.*)\)$/, "$1");
  return `${message}\nhint: ${meant === "" ? "" : `${meant} `}see kofn --help`;
}
