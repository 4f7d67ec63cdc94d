import { writeFile } from "node:fs/promises";
import { basename, dirname, isAbsolute, relative } from "node:path";
import { messageOf, RunError } from "../../core/errors.ts";
import { checkSpec } from "../../platform/training/check-spec.ts";
import { resolveSpec } from "../../run/resolve-spec.ts";
import { parseOverride } from "../../spec/overrides.ts";
import { specText } from "../../spec/spec-text.ts";
import { collectValues, type Declare, settingHelp } from "../command.ts";
import type { Terminal } from "../terminal.ts";
import { showProfile, targetHelp } from "./inspect.ts";
import { type ProfiledFile, readProfile } from "./read-profile.ts";

export interface InitOptions {
  readonly target?: string;
  readonly set: readonly string[];
  readonly output?: string;
  readonly force?: boolean;
}

export const declareInit: Declare = (command, invoke) => {
  command
    .description(
      "Goes over a data file and writes a spec to train on it: the problem by the target, " +
        "columns left out and why, missing values, rows for testing. Shows the table of columns.",
    )
    .argument("<FILE>", "a data file, s3://bucket/key, https://... or hf://datasets/...")
    .option("--target <column>", targetHelp)
    .option("--set <path=value>", settingHelp, collectValues, [])
    .option("--output <file>", "the spec's file instead of FILE.yaml in the working folder")
    .option("--force", "write over a file that is there")
    .action((path, options) => invoke((terminal) => init(path, options, terminal)));
};

/** `kofn init FILE`: looks at a data file and writes a spec. */
export async function init(
  path: string,
  { target, set, output, force }: InitOptions,
  terminal: Terminal,
): Promise<number> {
  const settings = set.map((text) => parseOverride(text, "--set"));
  const look = { settings, ...(target === undefined ? {} : { target }) };
  const profiled = await readProfile(path, look, terminal);
  const file = output ?? `${stemOf(path)}.yaml`;
  const { spec, remarks, warnings } = profiled.propose();
  checkSpec(resolveSpec(spec));
  showProfile(profiled, terminal.out);
  for (const warning of warnings) terminal.err(`warning: ${warning}`);
  const from = target === undefined ? "" : ` --target ${target}`;
  const text = specText(withSource(spec, path, file), remarks, [`kofn init ${path}${from}`]);
  await writeFile(file, text, { flag: force === true ? "w" : "wx" }).catch((cause) =>
    refuse(file, cause as NodeJS.ErrnoException),
  );
  terminal.out(`spec     ${file}`);
  terminal.err(`train by it: kofn run ${file}`);
  return 0;
}

/** What a run makes of a data file, as it says before it trains on it. */
export function tellProposal(profiled: ProfiledFile, terminal: Terminal): object {
  const { spec, remarks, warnings } = profiled.propose();
  showProfile(profiled, terminal.err);
  for (const warning of warnings) terminal.err(`warning: ${warning}`);
  terminal.err("");
  terminal.err(specText(spec, remarks, ["the spec of this run"]).trimEnd());
  terminal.err("");
  return spec;
}

/** A spec names its data from its own folder. */
function withSource(spec: object, path: string, file: string): object {
  const { data } = spec as { readonly data: object };
  const isFixed = isAbsolute(path) || /^[a-z0-9]+:\/\//i.test(path);
  return { ...spec, data: { ...data, source: isFixed ? path : relative(dirname(file), path) } };
}

function stemOf(path: string): string {
  return (
    basename(path)
      .replace(/(\.(gz|zst))?$/i, "")
      .replace(/\.[^.]+$/, "") || "run"
  );
}

function refuse(file: string, cause: NodeJS.ErrnoException): never {
  const isThere = cause.code === "EEXIST";
  throw new RunError(
    "unwritable",
    `${file}: ${isThere ? "it is there already" : `cannot be written: ${messageOf(cause)}`}`,
    {
      hint: isThere
        ? "name another by --output, or write over it by --force"
        : "name a file in a folder that this user may write to, by --output",
      cause,
    },
  );
}
