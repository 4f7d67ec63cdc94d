import { writeFile } from "node:fs/promises";
import { type FittedWeather, fitWeather } from "../platform/training/fit-weather.ts";
import { withOpenRun } from "../platform/training/open-run.ts";
import { formatCount } from "../report/format.ts";
import { type Declare, runHelp, stageHelp } from "./command.ts";
import type { Terminal } from "./terminal.ts";

export const declareWeather: Declare = (command, invoke) => {
  command
    .description(
      "The lateness and the faults of a finished run, as a weather that a spec may name.",
    )
    .argument("<RUN>", runHelp)
    .option("--stage <name>", stageHelp)
    .option("--out <file>", "a .yaml file to write it to; standard output where absent")
    .action((run, options) => invoke((terminal) => weather(run, options, terminal)));
};

/** `kofn weather RUN`: what the run met, to simulate and plan others in. */
export async function weather(
  name: string,
  { out }: { readonly out?: string },
  terminal: Terminal,
): Promise<number> {
  const fitted = await withOpenRun(terminal, name, ({ store }, record) =>
    fitWeather(store, record),
  );
  const { replies, slots, requests } = fitted;
  const text = weatherText(fitted);
  const rests = `from ${formatCount(replies)} replies in ${formatCount(requests)} requests`;
  if (out === undefined) {
    await terminal.write(text);
    terminal.err(`${rests} to ${formatCount(slots)} slots`);
    return 0;
  }
  await writeFile(out, text);
  terminal.out(`${out}: ${rests} to ${formatCount(slots)} slots`);
  return 0;
}

/** As YAML: a line for each list of delays. */
function weatherText({ weather: { delaysMs, ...rates } }: FittedWeather): string {
  const lists = (delaysMs as readonly number[][]).map((list) => `    - [${list.join(", ")}]`);
  const options = Object.entries(rates).map(
    ([name, value]) => `  ${name}: ${JSON.stringify(value)}`,
  );
  return `${["weather:", ...options, "  delaysMs:", ...lists].join("\n")}\n`;
}
