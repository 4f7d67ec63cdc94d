import { finiteOrNull } from "../core/json.ts";
import type { RoundEvent, RunEvent } from "../ports/events.ts";
import { formatNumber, formatSeconds, plural } from "../report/format.ts";
import { tableLine } from "../report/table-lines.ts";
import type { IngestProgress } from "../run/ingest.ts";
import type { Terminal } from "./terminal.ts";

const liveEveryMs = 100;
const plainEveryMs = 3_000;
/** Rounds by which the fall of the gradient is judged. */
const fallRounds = 12;

/** Shows how far a run is: a changing line on a terminal, lines elsewhere. */
export interface ProgressView {
  readonly onPhase: IngestProgress;
  listen(event: RunEvent): void;
  /** Removes the live line. */
  close(): void;
}

/** When a run stops by itself, as far as its spec says. */
export interface ProgressGoal {
  readonly rounds: number;
  readonly seconds?: number | undefined;
  /** Of the gradient, as a share of the first. */
  readonly tolerance?: number | undefined;
}

/** Of what the progress is. */
export interface ProgressOf {
  /** A prefix of lines, where several runs follow each other. */
  readonly label?: string;
  /** A run that another process started: its time is that of its own clock. */
  readonly isFollowed?: boolean;
}

export function progressView(
  terminal: Terminal,
  goal: ProgressGoal,
  { label = "", isFollowed = false }: ProgressOf = {},
): ProgressView {
  const enteredMs = terminal.enteredMs ?? performance.now();
  const line = throttled(terminal, label);
  const run = { firstMs: 0, firstRound: 0, erasures: 0, started: false, isSimulated: false };
  const fall = gradientFall();
  const stages = new Map<string, number>();
  const stage = (name: string) => line(() => `${name}  ${since(enteredMs)}`, true);
  return {
    onPhase(what, done, total) {
      const nowMs = performance.now();
      const isNew = !stages.has(what);
      const sinceMs = nowMs - (stages.get(what) ?? nowMs);
      if (isNew) stages.set(what, nowMs);
      line(() => stageLine(what, done, total, sinceMs), isNew);
    },
    listen(event) {
      if (event.type === "started") {
        run.isSimulated = event.backend === "simulated";
        stage("starting workers");
      }
      if (event.type === "stopped") stage("evaluating");
      if (event.type === "arrival" && event.fate !== "counted") run.erasures++;
      if (event.type === "arrivals") run.erasures += event.late + event.lost;
      if (event.type === "warning")
        terminal.err(`${terminal.paint.yellow("warning:")} ${event.message}`);
      if (event.type !== "round") return;
      if (!run.started) {
        Object.assign(run, { started: true, firstMs: performance.now(), firstRound: event.round });
        for (const table of event.tables ?? []) terminal.err(tableLine(table));
      }
      fall.note(event);
      const rate = ((event.round - run.firstRound) / (performance.now() - run.firstMs)) * 1000;
      line(() =>
        [
          `round ${event.round + 1}/${goal.rounds}`,
          `objective ~ ${formatNumber(finiteOrNull(event.objectiveEstimate))}`,
          isFollowed
            ? onClock(event)
            : `${since(enteredMs)}${run.isSimulated ? `, ${onClock(event)} simulated` : ""}`,
          plural(run.erasures, "erasure"),
          ...(rate > 0
            ? [`${formatNumber(rate, 2)} rounds/s`, eta(event, goal, rate, fall.roundsTo(goal))]
            : []),
        ].join("  "),
      );
    },
    close: () => terminal.live?.clear(),
  };
}

/** Of the run's clock, which a simulation does not share with anybody. */
function onClock({ atMs }: { readonly atMs: number }): string {
  return formatSeconds(atMs / 1000);
}

function since(enteredMs: number): string {
  return formatSeconds((performance.now() - enteredMs) / 1000);
}

function stageLine(what: string, done: number, total: number, sinceMs: number): string {
  // Nobody knows how much there is of it.
  if (total === 0) return what;
  const share = Math.min(1, done / total);
  const rate = sinceMs === 0 ? 0 : done / (sinceMs / 1000);
  const speed = what === "reading" ? `${formatNumber(rate / 1e6, 3)} MB/s` : perSecond(rate);
  const left = rate === 0 || share === 1 ? "" : `  ETA ${formatSeconds((total - done) / rate)}`;
  return `${what} ${Math.floor(share * 100)} %${rate === 0 ? "" : `  ${speed}`}${left}`;
}

function perSecond(rate: number): string {
  return `${formatNumber(Math.round(rate))} rows/s`;
}

/** Whichever ends first: the rounds, the seconds that may be spent, or the gradient's fall. */
function eta(
  event: { readonly round: number; readonly atMs: number },
  goal: ProgressGoal,
  rate: number,
  roundsToTolerance: number,
): string {
  const rounds = Math.min(goal.rounds - event.round - 1, roundsToTolerance);
  const bySeconds = (goal.seconds ?? Number.POSITIVE_INFINITY) - event.atMs / 1000;
  return `ETA ${formatSeconds(Math.max(0, Math.min(rounds / rate, bySeconds)))}`;
}

/** How many more rounds the gradient takes to its tolerance, if it falls as it lately did. */
function gradientFall() {
  const logs: number[] = [];
  return {
    note({ slopeLeft = 0 }: Pick<RoundEvent, "slopeLeft">) {
      if (!(slopeLeft > 0) || !Number.isFinite(slopeLeft)) return;
      logs.push(Math.log(slopeLeft));
      if (logs.length > fallRounds) logs.shift();
    },
    roundsTo({ tolerance = 0 }: ProgressGoal): number {
      if (tolerance <= 0 || logs.length < 3) return Number.POSITIVE_INFINITY;
      const fallARound = (logs[0]! - logs.at(-1)!) / (logs.length - 1);
      if (fallARound <= 0) return Number.POSITIVE_INFINITY;
      return Math.max(0, (logs.at(-1)! - Math.log(tolerance)) / fallARound);
    },
  };
}

/** Lines not too often; a forced one at once, where it takes the place of another. */
function throttled(terminal: Terminal, label: string) {
  const everyMs = terminal.live === null ? plainEveryMs : liveEveryMs;
  let nextMs = performance.now() + (terminal.live === null ? everyMs / 3 : 0);
  return (text: () => string, isForced = false): void => {
    const nowMs = performance.now();
    if (nowMs < nextMs && !(isForced && terminal.live !== null)) return;
    nextMs = nowMs + everyMs;
    const line = label === "" ? text() : `${label}  ${text()}`;
    if (terminal.live === null) terminal.err(line);
    else terminal.live.show(terminal.paint.dim(line));
  };
}
