import { randomFrom } from "../core/random.ts";
import type { Encoding } from "../encoding/encoding.ts";
import { optimizers } from "../optimizers/registry.ts";
import { type WaitKind, waitKindOf } from "../quorum/wait-policies/wait.ts";
import { resolveMembers } from "../run/resolve-members.ts";
import type { RunSpec } from "../spec/run-spec.ts";
import { strategies } from "../strategies/registry.ts";
import { trialSteps } from "../strategies/rounds/line-search.ts";
import { reductionsOf } from "../strategies/rounds/open-rounds.ts";
import { requestArrayBytesMax } from "../worker/payload-offload.ts";
import type { Machine } from "./machine.ts";
import type { RoundPhase, Timed } from "./round-simulation.ts";

/** How much there is to go through. */
export interface DataShape {
  readonly rows: number;
  readonly columns: number;
  readonly weightsLength: number;
  /** Numbers of one stored row, its target included. */
  readonly entriesPerRow: number;
  /** What an average slot stores, where the data are encoded already. */
  readonly entriesPerSlot?: number;
}

/** Quorums whose end the clock knows: one rule for all of them, and no backup tasks. */
const timedWaits: readonly WaitKind[] = ["all", "fastest", "deadline"];

/** The clock knows how such a run's rounds pass: all slots asked, and a plain quorum heard. */
export function isTimed({ strategy, wait }: RunSpec): boolean {
  return strategies.create(strategy).hasTimeModel === true && timedWaits.includes(waitKindOf(wait));
}

/** What the clock needs to know of a spec over data of this shape. */
export function timedOf(spec: RunSpec, data: DataShape, machine: Machine): Timed {
  const { encoding, wait } = resolveMembers(spec);
  const stored = forecastStoredRows(encoding, data.rows, spec.workers);
  const reduction = reductionsOf(spec, data.weightsLength).find(({ isChosen }) => isChosen);
  return {
    encoding,
    wait,
    storedRows: dealt(stored, spec.workers),
    rows: data.rows,
    phases: phasesOf(spec, data.weightsLength),
    workMs: machine.workMs(forecastEntriesPerSlot(spec, data)),
    ...(reduction === undefined ? {} : { reduction }),
  };
}

/** Numbers that one task goes through. */
export function forecastEntriesPerSlot(spec: RunSpec, data: DataShape): number {
  const { rows, entriesPerRow } = data;
  if (data.entriesPerSlot !== undefined) return data.entriesPerSlot;
  const { encoding } = resolveMembers(spec);
  // Who forms mixtures itself goes through every row that they are made of: nearly all.
  if (encoding.mixes && encoding.encode === "workers") return rows * entriesPerRow;
  return (forecastStoredRows(encoding, rows, spec.workers) * entriesPerRow) / spec.workers;
}

/** Stored rows of all slots, as encoding makes them: full chunks and a last one. */
export function forecastStoredRows(encoding: Encoding, rows: number, workers: number): number {
  const chunkRows = encoding.chunkRows(workers);
  const full = Math.floor(rows / chunkRows);
  const rest = rows - full * chunkRows;
  const last =
    rest === 0 ? 0 : encoding.chunk(full, rest, workers, randomFrom("plan")).slots.length;
  return Math.round(full * chunkRows * encoding.scale(workers)) + last;
}

/** What a round asks, and what that weighs on the wire. */
function phasesOf(spec: RunSpec, weightsLength: number): RoundPhase[] {
  const { problem } = resolveMembers(spec);
  const bytesDown = downBytes([4 * weightsLength]);
  // Functions add gradients up from the store: a reply has none.
  const bytesUp = upBytes(spec.reduction === undefined ? 4 * weightsLength : 0);
  const gradient: RoundPhase = { name: "gradient", bytesDown, bytesUp };
  if (!optimizers.create(spec.optimizer).searches) return [gradient];
  const measured = problem.isQuadratic ? 1 : trialSteps(1).length;
  // Weights, the direction, and the steps to try along it.
  const vector = 4 * weightsLength;
  const searchDown = downBytes([vector, vector, 8 * trialSteps(1).length]);
  return [gradient, { name: "along", bytesDown: searchDown, bytesUp: upBytes(8 * measured) }];
}

/**
 * A request's bytes: its arrays as base64 in JSON, and those that are too large for that as they
 * are, by reference.
 */
export function downBytes(arraysBytes: readonly number[]): number {
  let inline = 0;
  let large = 0;
  for (const bytes of arraysBytes)
    if (bytes > requestArrayBytesMax) large += bytes;
    else inline += bytes;
  return Math.ceil(inline * 1.34) + large + 600;
}

/** A reply's bytes: its arrays as they are. */
export function upBytes(arrayBytes: number): number {
  return arrayBytes + 200;
}

function dealt(stored: number, workers: number): number[] {
  const each = Math.floor(stored / workers);
  return Array.from({ length: workers }, (_, slot) => each + (slot < stored % workers ? 1 : 0));
}
