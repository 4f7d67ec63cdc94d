import { parseOverride } from "../../spec/overrides.ts";
import { collectValues, type Declare, jsonHelp, settingHelp } from "../command.ts";
import { printJson, say, type Terminal } from "../terminal.ts";
import { columnInWords, columnsTable, sparseFacts, tableFacts } from "./profile-words.ts";
import { type ProfiledFile, readProfile } from "./read-profile.ts";

export interface InspectOptions {
  readonly target?: string;
  readonly set: readonly string[];
  readonly json?: boolean;
}

export const targetHelp = "the column to predict; one that is called like it, or the last, if not";

export const declareInspect: Declare = (command, invoke) => {
  command
    .description(
      "Goes over a data file and shows its columns: what each holds, how many values are missing " +
        "or different, the range, and what becomes of it in a run. Writes nothing.",
    )
    .argument("<FILE>", "a data file, s3://bucket/key, https://... or hf://datasets/...")
    .option("--target <column>", targetHelp)
    .option(
      "--set <path=value>",
      `${settingHelp}; those of data say how to read`,
      collectValues,
      [],
    )
    .option("--json", jsonHelp)
    .action((path, options) => invoke((terminal) => inspect(path, options, terminal)));
};

/** `kofn inspect FILE`. */
export async function inspect(
  path: string,
  { target, set, json }: InspectOptions,
  terminal: Terminal,
): Promise<number> {
  const settings = set.map((text) => parseOverride(text, "--set"));
  const look = { settings, ...(target === undefined ? {} : { target }) };
  const profiled = await readProfile(path, look, terminal);
  const options = json === undefined ? {} : { json };
  showProfile(profiled, say(terminal, options));
  if (json !== true) return 0;
  const { table, sparse } = profiled;
  const columns = table?.columns ?? [];
  for (const at of columns.keys()) printJson(terminal, columnInWords(table!, at, profiled.options));
  const { file, format, rows } = (table ?? sparse)!;
  const features = sparse === null ? {} : { features: sparse.features };
  printJson(terminal, { type: "result", file, format, rows, ...features });
  return 0;
}

/** The file's table, and what a person should look at twice. */
export function showProfile(
  { table, sparse, options }: ProfiledFile,
  speak: (text: string) => void,
): void {
  if (table === null) speak(sparseFacts(sparse!));
  else {
    speak(columnsTable(table, options));
    speak("");
    speak(tableFacts(table));
  }
}
