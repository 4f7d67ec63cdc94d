import { closeSync, openSync, writeSync } from "node:fs";
import { join } from "node:path";
import { closeOwnFolder, ownFile } from "../core/own-files.ts";
import type { ArrivalEvent, RoundEvent } from "../ports/events.ts";
import type { ReportedRun, Reporter } from "./reporter.ts";

/** Every event as a line of JSON: `events.jsonl` in the run's folder. */
export async function jsonLinesReporter({ folder, run }: ReportedRun): Promise<Reporter> {
  const file = newFile(folder, "events.jsonl");
  return {
    take: (event) => file.write(`${JSON.stringify({ run, ...event })}\n`),
    close: async () => file.close(),
  };
}

const columns = [
  ...["round", "startedMs", "endedMs", "objective", "gradientNorm", "stepSize"],
  ...["counted", "late", "lost", "dollars", "bytesUp", "bytesDown"],
] as const;

/** A line for each round: `rounds.csv` in the run's folder. */
export async function roundsTableReporter({ folder }: ReportedRun): Promise<Reporter> {
  const file = newFile(folder, "rounds.csv");
  file.write(`${columns.join(",")}\n`);
  let sums = nothing();
  return {
    take(event) {
      if (event.type === "arrival") addTo(sums, event);
      if (event.type !== "round") return;
      file.write(`${lineOf(event, sums).join(",")}\n`);
      sums = nothing();
    },
    close: async () => file.close(),
  };
}

function lineOf(event: RoundEvent, sums: ReturnType<typeof nothing>): (number | string)[] {
  const { round, startedMs, atMs, objectiveEstimate, gradientNorm, stepSize } = event;
  const { counted, late, lost, dollars, bytesUp, bytesDown } = sums;
  const row = [round, startedMs, atMs, objectiveEstimate, gradientNorm, stepSize];
  return [...row, counted, late, lost, dollars, bytesUp, bytesDown].map((value) =>
    Number.isFinite(value) ? value : "",
  );
}

/** Of the replies since the round before. */
function nothing() {
  return { counted: 0, late: 0, lost: 0, dollars: 0, bytesUp: 0, bytesDown: 0 };
}

function addTo(sums: ReturnType<typeof nothing>, { fate, usage }: ArrivalEvent): void {
  sums[fate]++;
  sums.dollars += usage.costUsd;
  sums.bytesUp += usage.bytesUp;
  sums.bytesDown += usage.bytesDown;
}

/** A file that is its owner's alone, begun anew; whole lines whenever a process ends. */
function newFile(folder: string, name: string) {
  closeOwnFolder(folder);
  const descriptor = openSync(join(folder, name), "w", ownFile);
  return {
    write: (text: string) => void writeSync(descriptor, text),
    close: () => closeSync(descriptor),
  };
}
