import { noNotes, notesInWords, type RunNotes, readNotes } from "../journal/run-notes.ts";
import type { RunRecord } from "../journal/run-record.ts";
import { withOpenRun } from "../platform/training/open-run.ts";
import { readLatest } from "../platform/training/run-latest.ts";
import { overviewOf, type RunOverview, unlessDamaged } from "../platform/training/run-overview.ts";
import type { RoundEvent, RunEvent, RunFacts } from "../ports/events.ts";
import type { Store } from "../ports/store.ts";
import type { RunData } from "../report/data.ts";
import { foldRun } from "../report/fold.ts";
import {
  formatBytes,
  formatCount,
  formatDollars,
  formatMs,
  formatNumber,
  formatSeconds,
} from "../report/format.ts";
import { besideForecast, type SchedulePicture } from "../report/schedule.ts";
import { tableLine } from "../report/table-lines.ts";
import { readHistory } from "../run/finish.ts";
import { optimizerInWords } from "../run/usual-rate.ts";
import { type Declare, jsonHelp, runHelp, stageHelp } from "./command.ts";
import { figureLines, figureTables } from "./data/figure-words.ts";
import { showModel } from "./data/show-model.ts";
import { convergenceLines } from "./outcome.ts";
import { facts } from "./table.ts";
import { printJson, type Terminal } from "./terminal.ts";

const eventsShown = 10;

export const declareShow: Declare = (command, invoke) => {
  command
    .argument("<RUN>", runHelp)
    .option("--stage <name>", stageHelp)
    .option("--model", "the trained model: coefficients in the data's units, and its columns")
    .option("--csv", "with --model: a line a coefficient")
    .option("--json", jsonHelp)
    .action((run, options) =>
      invoke((terminal) => (options.model ? showModel : show)(run, options, terminal)),
    );
};

/** `kofn show RUN`: what it is, how far it came, and what happened last. */
export async function show(
  name: string,
  options: { readonly json?: boolean },
  terminal: Terminal,
): Promise<number> {
  const { overview, notes, optimizer, latest, events } = await read(name, options, terminal);
  const { run, backend, startedAt, status, reason, what } = overview;
  const convergence = overview.result?.convergence;
  const told = foldRun(run, events);
  if (options.json === true) {
    const more = {
      ...notes,
      modelFigures: overview.result?.figures,
      convergence,
      events: latest.events,
    };
    printJson(terminal, { ...shown(overview, told), ...more });
    return 0;
  }
  const { facts: runFacts, ...figures } = latest;
  const estimated = figures.objectiveIsEstimate ? " (estimated from replies)" : "";
  terminal.out(
    facts([
      ["run", run],
      ["status", reason === "" ? status : `${status}: ${reason}`],
      ["started", `${startedAt} (${backend})`],
      ["what", what],
      ...notesLine(notes),
      ["optimizer", optimizer],
      ["rows", runFacts === null ? "–" : rowsOf(runFacts)],
      ["features", runFacts === null ? "–" : formatCount(runFacts.features)],
      ["rounds", `${formatCount(figures.rounds)} of at most ${runFacts?.roundsMax ?? "–"}`],
      ...convergenceLines(convergence),
      ["objective", `${formatNumber(figures.objective, 6)}${estimated}`],
      ["train", metrics(figures.train)],
      ["test", metrics(figures.test)],
      ...figureLines(overview.result?.figures),
      ["time", `${formatSeconds(figures.seconds)} of training`],
      ["cost", formatDollars(figures.dollars)],
      ["data", `${formatBytes(figures.bytesUp)} up, ${formatBytes(figures.bytesDown)} down`],
      ...figures.tables.map((table): [string, string] => ["gradient of", tableLine(table)]),
      ["erasures", formatCount(figures.erasures)],
      ...stepLines(told.schedule),
    ]),
  );
  for (const text of figureTables(overview.result?.figures)) terminal.out(`\n${text}`);
  terminal.out("\nlast events");
  for (const event of latest.events) terminal.out(`  ${inWords(event)}`);
  return 0;
}

function read(name: string, options: { readonly json?: boolean }, terminal: Terminal) {
  const wanted = { count: eventsShown, isNews };
  return withOpenRun(terminal, name, async ({ store, isLive }, record) => {
    const overview = await overviewOf(store, record, await isLive(record.run));
    return {
      overview,
      notes: (await unlessDamaged(readNotes(store, record.run))) ?? noNotes,
      optimizer: optimizerInWords(record.spec.optimizer),
      latest: await readLatest(store, record.run, overview.result, wanted),
      events: await historyFor(store, record, options),
    };
  });
}

function notesLine(notes: RunNotes): (readonly [string, string])[] {
  const text = notesInWords(notes);
  return text === "" ? [] : [["tags and note", text]];
}

/** Figures of the report, and a pipeline's schedule, cover every reply; else nothing is read. */
async function historyFor(
  store: Store,
  { run, stages }: RunRecord,
  { json = false }: { readonly json?: boolean },
): Promise<readonly RunEvent[]> {
  return json || stages !== undefined ? readHistory(store, run) : [];
}

/** A run as JSON tells it. */
function shown({ run, backend, startedAt, status, reason, what }: RunOverview, told: RunData) {
  const { figures, facts: runFacts, schedule } = told;
  const step = stepForecast(schedule);
  const about = { run, backend, startedAt, status, reason, what, facts: runFacts };
  return { type: "result", ...about, figures, ...(step && { step }) };
}

/** A pipeline's step of median length beside what it was forecast to take; null without one. */
function stepForecast(schedule: SchedulePicture | null) {
  if (schedule?.forecast == null) return null;
  const { step, measuredMs, calm, forecast } = schedule;
  const tasks = besideForecast(calm, forecast.spans);
  return { step, measuredMs, forecastMs: forecast.ms, tasks };
}

function stepLines(schedule: SchedulePicture | null): [string, string][] {
  const told = stepForecast(schedule);
  if (told === null) return [];
  const beside = (measuredMs: number, forecastMs: number) =>
    `${formatMs(measuredMs)}, forecast ${formatMs(forecastMs)}`;
  return [
    ["step", beside(told.measuredMs, told.forecastMs)],
    ...told.tasks.map(({ name, measuredMs, forecastMs }): [string, string] => {
      return [name, beside(measuredMs, forecastMs)];
    }),
  ];
}

function rowsOf({ rows, testRows }: RunFacts): string {
  return `${formatCount(rows)} + ${formatCount(testRows)}`;
}

/** Replies come by the hundred: only lost ones are shown one by one. */
function isNews(event: RunEvent): boolean {
  if (event.type === "arrival") return event.fate === "lost";
  return !["tick", "arrivals", "evaluated", "result", "checkpoint"].includes(event.type);
}

function inWords(event: RunEvent): string {
  const at = "atMs" in event ? `${formatSeconds(event.atMs / 1000)}: ` : "";
  switch (event.type) {
    case "round":
      return roundInWords(event, at);
    case "arrival":
      return `${at}${event.task}: ${event.fate}, ${event.reason ?? "no reply"}`;
    case "stopped":
      return `${at}stopped (${event.kind}): ${event.reason}`;
    case "warning":
      return `${at}${event.message}`;
    default:
      return `${at}${event.type}`;
  }
}

function roundInWords({ round, objectiveEstimate, stood }: RoundEvent, at: string): string {
  const still = stood === undefined ? "" : `, step 0: ${stood}`;
  return `${at}round ${round + 1}, objective ~ ${formatNumber(objectiveEstimate)}${still}`;
}

function metrics(values: Readonly<Record<string, number | null>>): string {
  const parts = Object.entries(values).map(([name, value]) => `${name} ${formatNumber(value)}`);
  return parts.length === 0 ? "–" : parts.join("  ");
}
