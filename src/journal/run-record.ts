import { RunError } from "../core/errors.ts";
import { checkVersion } from "../core/json.ts";
import { randomFrom } from "../core/random.ts";
import { sealedJson } from "../core/seals.ts";
import type { RunForecast } from "../ports/events.ts";
import type { StageTimes } from "../ports/stage-times.ts";
import type { Store } from "../ports/store.ts";
import type { RunSpec } from "../spec/run-spec.ts";
import { damagedObject, parseStored } from "../store-damage.ts";
import { recordKey } from "../store-layout.ts";

/** Of the record's own shape. */
export const recordVersion = 1;

/** What a run is, written once when it starts; with it alone anyone can resume or replay. */
export interface RunRecord {
  readonly version: typeof recordVersion;
  /** What its numbers are computed in; 1 where it says nothing. */
  readonly arithmetic?: number;
  /** Who began it: the version of kofn, and of the strategy's states. Absent before 0.2.0. */
  readonly kofn?: string;
  readonly strategy?: string;
  readonly stateVersion?: number;
  readonly run: string;
  readonly startedAt: string;
  readonly backend: string;
  /** Of a run in a deployed stage; absent where that says no versions, and before 0.2.0. */
  readonly functions?: RunFunctions;
  readonly spec: RunSpec;
  /** Keys of the manifests. */
  readonly prepared: string;
  readonly encoded: string;
  /** SHA-256 of the manifests' texts. Absent before they were noted. */
  readonly manifests?: { readonly prepared: string; readonly encoded: string };
  readonly largestEigenvalue: number;
  /** X'X/n as a whole, of a run that steps along it. */
  readonly gram?: string | undefined;
  /** Stored numbers of an average slot: what one task goes through. */
  readonly entriesPerSlot: number;
  /** What each source beyond this machine was when it was read: a tag, a commit, a digest. */
  readonly sources?: Readonly<Record<string, string>>;
  /** The forecast of its time and cost, if there was one. */
  readonly forecast?: RunForecast;
  /** Of a pipeline: how long its tasks were expected to take. */
  readonly stages?: StageTimes;
  /** What held before a resume changed it, each up to the checkpoint of that number. */
  readonly earlier?: readonly EarlierSettings[];
}

/** Settings that a resume changed; the optimizer where its learning rate did. */
export interface EarlierSettings extends Pick<RunSpec, "wait" | "stop"> {
  readonly upTo: number;
  readonly optimizer?: RunSpec["optimizer"];
}

/**
 * The functions that a run began with, by names with their published versions: a deployment in its
 * middle does not touch them.
 */
export interface RunFunctions {
  readonly orchestrator: string;
  readonly worker: string;
}

const namePattern = /^[a-z0-9][a-z0-9-]{0,63}$/;

/** A name such as `2026-11-21-gentle-heron`; `salt` tells runs of one second apart. */
export function newRunName(startedAt: Date, salt: string): string {
  const random = randomFrom(`${startedAt.toISOString()}/${salt}`);
  const pick = (words: readonly string[]) => words[random.integer(words.length)]!;
  const day = startedAt.toISOString().slice(0, 10);
  return `${day}-${pick(adjectives)}-${pick(birds)}-${random.integer(900) + 100}`;
}

/** Names from outside reach keys and paths, so nothing else may pass. */
export function checkRunName(name: string): string {
  if (namePattern.test(name)) return name;
  throw new RunError("bad-run-name", `${JSON.stringify(name)} is not the name of a run`, {
    hint: "names are lower-case letters, digits and dashes; kofn list shows them",
  });
}

export async function writeRecord(store: Store, record: RunRecord): Promise<void> {
  if (!(await store.writeOnce(recordKey(record.run), recordBytes(record))))
    throw new RunError("run-exists", `a run called ${record.run} is there already`);
}

/** Puts a record in the place of what it was: between two segments, by whoever resumes the run. */
export async function amendRecord(store: Store, record: RunRecord): Promise<void> {
  await store.write(recordKey(record.run), recordBytes(record));
}

function recordBytes(record: RunRecord): Uint8Array {
  return sealedJson(JSON.stringify(record, null, 1));
}

/** Throws `RunError` for a run that is not there, and for a record of another shape. */
export async function readRecord(store: Store, run: string): Promise<RunRecord> {
  const bytes = await store.read(recordKey(checkRunName(run)));
  if (bytes === null) {
    throw new RunError("unknown-run", `there is no run called ${run}`, {
      hint: "kofn list shows the runs that are there",
    });
  }
  const key = recordKey(run);
  const record = checkVersion(parseStored<RunRecord>(bytes, key), recordVersion, key);
  if (record.run === run) return record;
  throw damagedObject(key, `it is the record of ${record.run}`);
}

const adjectives = [
  "brisk",
  "calm",
  "clear",
  "deft",
  "even",
  "fair",
  "fleet",
  "gentle",
  "keen",
  "light",
  "mild",
  "patient",
  "quick",
  "quiet",
  "ready",
  "sharp",
  "steady",
  "swift",
  "true",
  "wise",
];

const birds = [
  "avocet",
  "crane",
  "curlew",
  "dove",
  "eider",
  "finch",
  "gull",
  "heron",
  "ibis",
  "jay",
  "kestrel",
  "lark",
  "martin",
  "osprey",
  "plover",
  "rail",
  "shrike",
  "swift",
  "tern",
  "wren",
];
