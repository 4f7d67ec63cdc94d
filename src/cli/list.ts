import { RunError } from "../core/errors.ts";
import {
  noNotes,
  notesInWords,
  type RunNotes,
  readNotes,
  writeNotes,
} from "../journal/run-notes.ts";
import { withOpenHome, withOpenRun } from "../platform/training/open-run.ts";
import {
  listRuns,
  overviewOf,
  type RunOverview,
  unlessDamaged,
} from "../platform/training/run-overview.ts";
import { formatNumber } from "../report/format.ts";
import { collectValues, type Declare, jsonHelp, runHelp, stageHelp } from "./command.ts";
import { table } from "./table.ts";
import { printJson, type Terminal } from "./terminal.ts";

export const declareList: Declare = (command, invoke) => {
  command
    .option("--stage <name>", stageHelp)
    .option("--limit <n>", "the latest n runs alone")
    .option("--tag <name>", "runs with this tag alone")
    .option("--json", jsonHelp)
    .action((options) => invoke((terminal) => listCommand(options, terminal)));
};

export const declareTag: Declare = (command, invoke) => {
  command
    .description("Puts tags and a note to a run: kofn list, kofn show and the live page show them.")
    .argument("<RUN>", runHelp)
    .argument("[TAGS...]", "words such as baseline or v2")
    .option("--note <text>", "a line about the run, in the place of the one before")
    .option("--remove <tag>", "takes a tag away; may be repeated", collectValues, [])
    .option("--stage <name>", stageHelp)
    .action((run, tags, options) => invoke((terminal) => tag(run, tags, options, terminal)));
};

/** `kofn tag RUN TAGS`: changes nothing of the run itself. */
export async function tag(
  name: string,
  tags: readonly string[],
  options: { readonly note?: string; readonly remove: readonly string[] },
  terminal: Terminal,
): Promise<number> {
  await withOpenRun(terminal, name, async ({ store }, { run }) => {
    const before = await readNotes(store, run);
    const kept = [...before.tags, ...tags].filter((one) => !options.remove.includes(one));
    const written = { note: options.note ?? before.note, tags: kept };
    terminal.out(`${run}  ${notesInWords(await writeNotes(store, run, written))}`.trimEnd());
  });
  return 0;
}

/** `kofn list`: the runs of this home, live and past. */
export async function listCommand(options: ListOptions, terminal: Terminal): Promise<number> {
  const damage: RunError[] = [];
  const runs = await listed(options, terminal, (thrown) => damage.push(thrown));
  if (options.json === true) {
    for (const { result, ...run } of runs)
      printJson(terminal, {
        type: "run",
        ...run,
        rounds: result?.rounds,
        objective: result?.objective,
      });
    printJson(terminal, { type: "result", runs: runs.length });
  } else if (runs.length === 0 && damage.length === 0) {
    const which = options.tag === undefined ? "" : ` with the tag ${options.tag}`;
    terminal.err(`no runs${which} in ${terminal.home} yet; start one: kofn run SPEC`);
  } else {
    const isNoted = runs.some(({ note, tags }) => note !== "" || tags.length > 0);
    const head = ["run", "started", "what", "status", "rounds", "objective"];
    terminal.out(table(isNoted ? [...head, "tags and note"] : head, runs.map(rowOf(isNoted))));
  }
  // The others were listed: what is damaged is told behind them.
  const [first, ...more] = damage;
  for (const { message, hint } of more) terminal.err(`${message} (${hint})`);
  if (first !== undefined) throw first;
  return 0;
}

interface ListOptions {
  readonly json?: boolean;
  readonly limit?: string;
  readonly tag?: string;
}

type ListedRun = RunOverview & RunNotes;

/** The latest last; damaged ones are told apart. */
async function listed(
  { limit, tag: wanted }: ListOptions,
  terminal: Terminal,
  onDamage: (thrown: RunError) => void,
): Promise<readonly ListedRun[]> {
  const most = limitOf(limit);
  const opened = await withOpenHome(terminal, async ({ store, isLive }) => {
    const { records, damage } = await listRuns(store);
    damage.forEach(onDamage);
    const runs: ListedRun[] = [];
    for (const record of records.toReversed()) {
      if (runs.length === most) break;
      const { run } = record;
      const notes = (await unlessDamaged(readNotes(store, run), onDamage)) ?? noNotes;
      if (wanted !== undefined && !notes.tags.includes(wanted)) continue;
      const overview = overviewOf(store, record, await isLive(run));
      const whole = await unlessDamaged(overview, onDamage);
      if (whole !== null) runs.unshift({ ...whole, ...notes });
    }
    return runs;
  });
  return opened ?? [];
}

function limitOf(text: string | undefined): number {
  if (text === undefined) return Number.POSITIVE_INFINITY;
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text);
  throw new RunError("bad-option", `--limit: ${text}, expected a whole number of 1 or more`, {
    hint: "write it like --limit 10",
  });
}

function rowOf(isNoted: boolean): (run: ListedRun) => string[] {
  return ({ run, startedAt, what, status, result, note, tags }) => [
    run,
    startedAt.slice(0, 16).replace("T", " "),
    what,
    status,
    result === null ? "–" : String(result.rounds),
    formatNumber(result?.objective ?? null),
    ...(isNoted ? [notesInWords({ note, tags })] : []),
  ];
}
