import { exitCodes } from "../core/error-codes/error-codes.ts";
import { finiteOrNull } from "../core/json.ts";
import type { RunRecord } from "../journal/run-record.ts";
import type { ResultEvent } from "../ports/events.ts";
import type { Convergence } from "../ports/model-figures.ts";
import {
  formatBytes,
  formatCount,
  formatDollars,
  formatNumber,
  formatSeconds,
} from "../report/format.ts";
import { modelCommands } from "../report/sections/model.ts";
import type { Orchestrated } from "../run/orchestrate.ts";
import { facts } from "./table.ts";
import { printJson, say, type Terminal } from "./terminal.ts";

export type Stop = Orchestrated["end"]["stop"];

/** Reports how a run ended, and returns the exit code. */
export function reportOutcome(
  { record, end, result }: Pick<Orchestrated, "record" | "end" | "result">,
  options: { readonly json?: boolean },
  terminal: Terminal,
): number {
  const { stop } = end;
  const { enteredMs } = terminal;
  say(terminal, options)(resultTable(result, { backend: record.backend, enteredMs }));
  warnOfEnd(result, terminal);
  warnOfBase(result, terminal);
  if (stop.kind !== "done") {
    terminal.err(`${terminal.paint.yellow("stopped:")} ${stop.reason}; its checkpoint is kept`);
    terminal.err(`go on with: ${resumeCommand(result.run, stop)}`);
  } else if (options.json !== true) for (const line of nextLines(record)) terminal.err(line);
  if (options.json === true) printJson(terminal, withStop(result, stop));
  return exitCodeOf(stop);
}

/** What people do next with a model, as commands to copy. */
function nextLines({ run, spec }: Pick<RunRecord, "run" | "spec">): string[] {
  const commands = [...modelCommands(run, spec.problem.type), `kofn report ${run} --open`];
  return commands.map((command, i) => `${i === 0 ? "next:" : "     "} ${command}`);
}

export function exitCodeOf(stop: { readonly kind: Stop["kind"] }): number {
  return stop.kind === "done" ? 0 : exitCodes[stop.kind];
}

/** The result as the last JSON line. */
export function withStop(result: ResultEvent, stop: Stop): object {
  if (stop.kind === "done") return { ...result, stop: "done" };
  return {
    ...result,
    stop: stop.kind,
    reason: stop.reason,
    ...(stop.nextUsd === undefined ? {} : { nextUsd: stop.nextUsd }),
    resume: resumeCommand(result.run, stop),
  };
}

/** Of whom a table is, besides its result. */
export interface TableOf {
  readonly backend: string;
  /** Of the command that trained, where that is the one that tells. */
  readonly enteredMs?: number | undefined;
}

export function resultTable(result: ResultEvent, of: TableOf): string {
  const { train, test } = result.metrics;
  return facts([
    ["run", result.run],
    ["objective", formatNumber(finiteOrNull(result.objective), 6)],
    ["train", metricsLine(train)],
    ...(Object.keys(test).length === 0 ? [] : [["test", metricsLine(test)] as const]),
    ...privacyLines(result),
    ...convergenceLines(result.convergence),
    ["rounds", formatCount(result.rounds)],
    ["time", timeLine(result, of)],
    ["cost", costLine(result, of)],
    ["data up", `${formatBytes(result.bytesUp)}${payloads(result)}`],
    ["data down", formatBytes(result.bytesDown)],
    ["erasures", erasuresLine(result)],
    ["report", result.report],
    ["model", result.model],
  ]);
}

/** The run's clock, which forecasts are of, and what whoever waits for the command waited. */
function timeLine(result: ResultEvent, { backend, enteredMs }: TableOf): string {
  const training = backend === "simulated" ? "simulated training" : "training";
  const ofTraining = `${formatSeconds(result.seconds)} of ${training}`;
  const forecast = expected(result, "seconds", formatSeconds);
  if (enteredMs === undefined) return `${ofTraining}${forecast}`;
  const waited = formatSeconds((performance.now() - enteredMs) / 1000);
  return `${ofTraining}${forecast}, ${waited} from Enter`;
}

/** By Lambda's prices, also where nobody is charged. */
function costLine(result: ResultEvent, { backend }: TableOf): string {
  const dollars = `${formatDollars(result.dollars)}${expected(result, "dollars", formatDollars)}`;
  return backend.startsWith("aws:") || result.dollars === 0
    ? dollars
    : `${dollars} on Lambda; nothing here`;
}

function erasuresLine({ erasures }: ResultEvent): string {
  return erasures === 0
    ? "0"
    : `${formatCount(erasures)} late or lost ${erasures === 1 ? "reply" : "replies"}`;
}

/** A run that ended far from the optimum says so, and what to do about it. */
export function warnOfEnd({ convergence }: ResultEvent, terminal: Terminal): void {
  if (convergence === undefined || convergence.converged) return;
  const { reason, remedy } = convergence;
  terminal.err(`${terminal.paint.yellow("not converged:")} ${reason}`);
  terminal.err(`hint: ${remedy}`);
}

/** Says so where a model predicts no better than the targets' mean, or the classes' shares, do. */
export function warnOfBase(
  { metrics: { train, test }, figures }: ResultEvent,
  terminal: Terminal,
): void {
  const isTested = Object.keys(test).length > 0;
  const reason = noBetterThanBase(isTested ? test : train, figures?.classes?.baseLogloss);
  if (reason === null) return;
  const rows = isTested ? "test" : "training";
  terminal.err(
    `${terminal.paint.yellow("no better than the base rate:")} on ${rows} rows ${reason}`,
  );
  terminal.err("hint: look at the columns (kofn inspect FILE), or take a more flexible problem");
}

/** Why metrics are no better than a guess that looks at no feature; null where they are. */
function noBetterThanBase(
  { r2, logloss, baseAccuracy }: Metrics,
  baseLogloss: number | undefined,
): string | null {
  if (r2 !== undefined && r2 <= 0)
    return `r2 is ${formatNumber(r2)}: the mean of the targets is as near to them`;
  const base = baseLogloss ?? (baseAccuracy === undefined ? undefined : entropyOf(baseAccuracy));
  if (logloss === undefined || base === undefined || logloss < base) return null;
  return `logloss is ${formatNumber(logloss)}, and ${formatNumber(base)} by the classes' shares`;
}

/** The logloss of saying the shares of two classes, of which one has this. */
function entropyOf(share: number): number {
  return share === 1 ? 0 : -share * Math.log(share) - (1 - share) * Math.log(1 - share);
}

type Metrics = Readonly<Partial<Record<string, number>>>;

/** Empty where the run converged, as is usual. */
export function convergenceLines(
  convergence: Convergence | undefined,
): (readonly [string, string])[] {
  if (convergence === undefined || convergence.converged) return [];
  const { gradient, tolerance, gap, stationarity } = convergence;
  const left = `what is left of the gradient is ${formatNumber(finiteOrNull(gradient))}`;
  const above = gap === undefined ? "" : `, up to ${formatNumber(100 * gap)} % above the optimum`;
  const still =
    stationarity === undefined
      ? ""
      : `, 1 % of the weights changes the objective by ${formatNumber(stationarity)} %`;
  return [["converged", `no: ${left} (stop.tolerance: ${tolerance})${above}${still}`]];
}

/** Of the data up, what is compressed updates. */
function payloads({ bitsUp }: ResultEvent): string {
  return bitsUp === undefined ? "" : `, of which payloads ${formatBytes(bitsUp / 8)}`;
}

function privacyLines({ privacy }: ResultEvent): (readonly [string, string])[] {
  if (privacy === undefined) return [];
  const { epsilon, budget, delta, unit, adjacency, observers, released } = privacy;
  const left = formatNumber(Math.max(0, budget - epsilon));
  return [
    ["epsilon", `${formatNumber(epsilon)} (delta ${delta}), ${left} left, of any ${unit}`],
    ["adjacency", adjacency],
    ["seen by", `${observers} (${formatCount(released)} messages)`],
  ];
}

function expected(
  { forecast }: ResultEvent,
  what: "seconds" | "dollars",
  format: (value: number) => string,
): string {
  return forecast === undefined ? "" : ` (forecast ${format(forecast[what])})`;
}

function metricsLine(metrics: Readonly<Record<string, number>>): string {
  return Object.entries(metrics)
    .map(([name, value]) => `${name} ${formatNumber(finiteOrNull(value))}`)
    .join("  ");
}

/** A budget must be raised before the run can continue. */
function resumeCommand(run: string, stop: Stop): string {
  if (stop.kind !== "budget") return `kofn resume ${run}`;
  const which = /^stop\.\w+/.exec(stop.reason)?.[0] ?? "stop.seconds";
  return `kofn resume ${run} --set ${which}=MORE`;
}
