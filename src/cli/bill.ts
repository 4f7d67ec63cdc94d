import { RunError } from "../core/errors.ts";
import { prices } from "../limits.ts";
import {
  type BillingSpan,
  type ComparedBill,
  compareBill,
} from "../platform/billing/compare-bill.ts";
import { readCosts } from "../platform/billing/cost-file.ts";
import { type BillItem, runBill } from "../platform/billing/run-bill.ts";
import { findDeployment } from "../platform/cloud/deployment.ts";
import { openDataSource } from "../platform/open-source.ts";
import { withOpenRun } from "../platform/training/open-run.ts";
import { listRuns } from "../platform/training/run-overview.ts";
import type { RunEvent } from "../ports/events.ts";
import { formatDollars, formatNumber } from "../report/format.ts";
import { readHistory } from "../run/finish.ts";
import { type Declare, jsonHelp, runHelp, stageHelp } from "./command.ts";
import { table } from "./table.ts";
import { printJson, say, type Terminal } from "./terminal.ts";

export interface BillOptions {
  readonly costFile?: string;
  readonly json?: boolean;
}

const hourMs = 3_600_000;

export const declareBill: Declare = (command, invoke) => {
  command
    .argument("<RUN>", runHelp)
    .option("--stage <name>", stageHelp)
    .option("--cost-file <path>", "AWS's own costs to compare with: CUR 2.0 as CSV, plain or gzip")
    .option("--json", jsonHelp)
    .action((run, options) => invoke((terminal) => bill(run, options, terminal)));
};

/** `kofn bill RUN`: what a run cost, and how that compares with a cost file of AWS's. */
export async function bill(
  name: string,
  options: BillOptions,
  terminal: Terminal,
): Promise<number> {
  const { stage } = terminal;
  if (options.costFile !== undefined && stage === undefined) {
    throw new RunError("no-stage", "--cost-file: whose costs? a stage must be named", {
      hint: "add --stage NAME; runs of this home cost nothing in AWS",
    });
  }
  const stored = await withOpenRun(terminal, name, async ({ store }, record) => {
    const span = spanOf(record.startedAt, await readHistory(store, record.run));
    const others = (await listRuns(store)).records.filter(
      ({ run, startedAt }) => run !== record.run && meets(Date.parse(startedAt), span),
    );
    return { run: record.run, span, others, items: await runBill(store, record) };
  });
  const speak = say(terminal, options);
  if (options.costFile === undefined) {
    const totalUsd = stored.items.reduce((sum, { costUsd }) => sum + costUsd, 0);
    speak(meteredTable(stored.items, totalUsd));
    if (options.json === true)
      printJson(terminal, { type: "result", run: stored.run, items: stored.items, totalUsd });
    return 0;
  }
  const source = await openDataSource(options.costFile);
  const deployment = findDeployment(stage!);
  const compared = await compareBill(stored.items, readCosts(source), stored.span, deployment);
  speak(comparedTable(compared));
  for (const note of notesOn(compared, stored.span, stored.others.length)) terminal.err(note);
  if (options.json === true) printJson(terminal, { type: "result", run: stored.run, ...compared });
  return 0;
}

/** From the run's start to the end of the hour it stopped in: AWS reports costs by the hour. */
function spanOf(startedAt: string, events: readonly RunEvent[]): BillingSpan {
  const startMs = Date.parse(startedAt);
  const lastMs = events.reduce((ms, event) => ("atMs" in event ? Math.max(ms, event.atMs) : ms), 0);
  return { startMs, endMs: startMs + Math.max(1, lastMs) };
}

function meets(atMs: number, { startMs, endMs }: BillingSpan): boolean {
  return atMs >= startMs - hourMs && atMs <= endMs + hourMs;
}

function meteredTable(items: readonly BillItem[], totalUsd: number): string {
  const rows = items.map(({ charge, amount, unit, costUsd, isEstimate }) => [
    charge,
    `${isEstimate ? "about " : ""}${formatNumber(amount)} ${unit}`,
    formatDollars(costUsd),
  ]);
  const { region, asOf } = prices;
  const all = ["all", "", formatDollars(totalUsd)];
  return table([`prices of ${region}, ${asOf}`, "amount", "cost"], [...rows, all]);
}

function comparedTable({ rows, meteredUsd, chargedUsd }: ComparedBill): string {
  const lines = rows.map((row) => [
    row.charge,
    row.metered === null ? "–" : formatDollars(row.metered.costUsd),
    row.chargedUsd === null ? "absent" : formatDollars(row.chargedUsd),
    row.usageTypes.join(", "),
  ]);
  const all = ["all", formatDollars(meteredUsd), formatDollars(chargedUsd), ""];
  return table(["charge", "metered", "AWS", "usage types"], [...lines, all]);
}

/** Notes that a reader needs before comparing. */
function notesOn({ fileMs, knownBy, lines, rows }: ComparedBill, run: BillingSpan, others: number) {
  const notes: string[] = [];
  const day = (ms: number) => new Date(ms).toISOString().slice(0, 16).replace("T", " ");
  if (fileMs === null) notes.push("the file tells of no usage at all");
  else if (fileMs.start > run.startMs || fileMs.end < run.endMs)
    notes.push(
      `the file covers ${day(fileMs.start)} to ${day(fileMs.end)}, the run ${day(run.startMs)} ` +
        `to ${day(run.endMs)}: AWS adds to its files for a day or two`,
    );
  if (lines === 0) notes.push("no line of the file is of this deployment and these hours");
  else if (knownBy === "account")
    notes.push(
      "the file names neither resources nor tags: whatever else ran in the account is in it",
    );
  else if (knownBy === "tag")
    notes.push("the file names no resources: lines were chosen by the tag of the stage");
  if (others > 0)
    notes.push(
      `${others} other runs of this stage began within an hour of it; AWS's sums hold them`,
    );
  const absent = rows.filter((row) => row.chargedUsd === null).map(({ charge }) => charge);
  if (absent.length > 0 && lines > 0) notes.push(`absent from the file: ${absent.join(", ")}`);
  return notes;
}
