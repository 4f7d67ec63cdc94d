import { finiteOrNull } from "../core/json.ts";
import type { RunEvent } from "../ports/events.ts";
import { formatNumber, formatSeconds, plural } from "../report/format.ts";
import { tableLine } from "../report/table-lines.ts";
import type { IngestProgress } from "../run/ingest.ts";
import type { Terminal } from "./terminal.ts";

const liveEveryMs = 100;
const plainEveryMs = 3_000;

/** Shows how far a run is: a changing line on a terminal, lines elsewhere. */
export interface ProgressView {
  readonly onPhase: IngestProgress;
  listen(event: RunEvent): void;
  /** Removes the live line. */
  close(): void;
}

export function progressView(
  terminal: Terminal,
  goal: { readonly rounds: number; readonly seconds?: number | undefined },
  label = "",
): ProgressView {
  const line = throttled(terminal, label);
  const run = { firstMs: 0, firstRound: 0, erasures: 0, started: false };
  const stages = new Map<string, number>();
  return {
    onPhase(what, done, total) {
      const nowMs = performance.now();
      const sinceMs = nowMs - (stages.get(what) ?? nowMs);
      if (!stages.has(what)) stages.set(what, nowMs);
      line(() => stageLine(what, done, total, sinceMs));
    },
    listen(event) {
      if (event.type === "arrival" && event.fate !== "counted") run.erasures++;
      if (event.type === "arrivals") run.erasures += event.late + event.lost;
      if (event.type === "warning")
        terminal.err(`${terminal.paint.yellow("warning:")} ${event.message}`);
      if (event.type !== "round") return;
      if (!run.started) {
        Object.assign(run, { started: true, firstMs: performance.now(), firstRound: event.round });
        for (const table of event.tables ?? []) terminal.err(tableLine(table));
      }
      const rate = ((event.round - run.firstRound) / (performance.now() - run.firstMs)) * 1000;
      line(() =>
        [
          `round ${event.round + 1}/${goal.rounds}`,
          `objective ~ ${formatNumber(finiteOrNull(event.objectiveEstimate))}`,
          formatSeconds(event.atMs / 1000),
          plural(run.erasures, "erasure"),
          ...(rate > 0 ? [`${formatNumber(rate, 2)} rounds/s`, eta(event, goal, rate)] : []),
        ].join("  "),
      );
    },
    close: () => terminal.live?.clear(),
  };
}

function stageLine(what: string, done: number, total: number, sinceMs: number): string {
  const share = total === 0 ? 1 : Math.min(1, done / total);
  const rate = sinceMs === 0 ? 0 : done / (sinceMs / 1000);
  const speed = what === "reading" ? `${formatNumber(rate / 1e6, 3)} MB/s` : perSecond(rate);
  const left = rate === 0 || share === 1 ? "" : `  ETA ${formatSeconds((total - done) / rate)}`;
  return `${what} ${Math.floor(share * 100)} %${rate === 0 ? "" : `  ${speed}`}${left}`;
}

function perSecond(rate: number): string {
  return `${formatNumber(Math.round(rate))} rows/s`;
}

/** Whichever ends first: the rounds, or the seconds that may be spent. */
function eta(
  event: { readonly round: number; readonly atMs: number },
  goal: { readonly rounds: number; readonly seconds?: number | undefined },
  rate: number,
): string {
  const byRounds = (goal.rounds - event.round - 1) / rate;
  const bySeconds = (goal.seconds ?? Number.POSITIVE_INFINITY) - event.atMs / 1000;
  return `ETA ${formatSeconds(Math.max(0, Math.min(byRounds, bySeconds)))}`;
}

function throttled(terminal: Terminal, label: string): (text: () => string) => void {
  const everyMs = terminal.live === null ? plainEveryMs : liveEveryMs;
  let nextMs = performance.now() + (terminal.live === null ? everyMs / 3 : 0);
  return (text) => {
    const nowMs = performance.now();
    if (nowMs < nextMs) return;
    nextMs = nowMs + everyMs;
    const line = label === "" ? text() : `${label}  ${text()}`;
    if (terminal.live === null) terminal.err(line);
    else terminal.live.show(terminal.paint.dim(line));
  };
}
