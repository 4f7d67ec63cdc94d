import { RunError } from "../core/errors.ts";
import { withOpenHome } from "../platform/training/open-run.ts";
import {
  listRuns,
  overviewOf,
  type RunOverview,
  unlessDamaged,
} from "../platform/training/run-overview.ts";
import { formatNumber } from "../report/format.ts";
import { type Declare, jsonHelp, stageHelp } from "./command.ts";
import { table } from "./table.ts";
import { printJson, type Terminal } from "./terminal.ts";

export const declareList: Declare = (command, invoke) => {
  command
    .option("--stage <name>", stageHelp)
    .option("--limit <n>", "the latest n runs alone")
    .option("--json", jsonHelp)
    .action((options) => invoke((terminal) => listCommand(options, terminal)));
};

/** `kofn list`: the runs of this home, live and past. */
export async function listCommand(
  options: { readonly json?: boolean; readonly limit?: string },
  terminal: Terminal,
): Promise<number> {
  const limit = limitOf(options.limit);
  const damage: RunError[] = [];
  const runs =
    (await withOpenHome(terminal, async ({ store, isLive }) => {
      const overviews: RunOverview[] = [];
      const listed = await listRuns(store);
      damage.push(...listed.damage);
      for (const record of listed.records.slice(-limit)) {
        const overview = overviewOf(store, record, await isLive(record.run));
        const whole = await unlessDamaged(overview, (thrown) => damage.push(thrown));
        if (whole !== null) overviews.push(whole);
      }
      return overviews;
    })) ?? [];
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
    terminal.err(`no runs in ${terminal.home} yet; start one: kofn run SPEC`);
  } else {
    terminal.out(
      table(["run", "started", "what", "status", "rounds", "objective"], runs.map(rowOf)),
    );
  }
  // The others were listed: what is damaged is told behind them.
  const [first, ...more] = damage;
  for (const { message, hint } of more) terminal.err(`${message} (${hint})`);
  if (first !== undefined) throw first;
  return 0;
}

function limitOf(text: string | undefined): number {
  if (text === undefined) return Number.POSITIVE_INFINITY;
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text);
  throw new RunError("bad-option", `--limit: ${text}, expected a whole number of 1 or more`, {
    hint: "write it like --limit 10",
  });
}

function rowOf({ run, startedAt, what, status, result }: RunOverview): string[] {
  return [
    run,
    startedAt.slice(0, 16).replace("T", " "),
    what,
    status,
    result === null ? "–" : String(result.rounds),
    formatNumber(result?.objective ?? null),
  ];
}
