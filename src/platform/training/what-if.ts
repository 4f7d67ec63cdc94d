import { RunError } from "../../core/errors.ts";
import { type RunRecord, writeRecord } from "../../journal/run-record.ts";
import { recordedLateness } from "../../planner/recorded.ts";
import { type RecordedFates, recordedFates } from "../../planner/recorded-fates.ts";
import type { RunEvent } from "../../ports/events.ts";
import type { Store } from "../../ports/store.ts";
import type { WhatIf, WhatIfRow } from "../../report/data.ts";
import { readHistory } from "../../run/finish.ts";
import { type Dataset, loadProblem } from "../../run/ingest.ts";
import { entriesPerSlot, orchestrate, readManifests } from "../../run/orchestrate.ts";
import { resolveMembers } from "../../run/resolve-members.ts";
import { readResult } from "../../run/stored-end.ts";
import { needsEphemeralShards } from "../../simulation/ephemeral-store.ts";
import { overlayStore } from "../../simulation/overlay-store.ts";
import type { RunSpec } from "../../spec/run-spec.ts";
import { contentDigest } from "../../store-damage.ts";
import { encodedKey } from "../../store-layout.ts";
import type { WorkerTask } from "../../tasks/protocol.ts";
import { taskEntries } from "../../tasks/registry.ts";
import { type FaultDecision, faultModelOf } from "../../weather/fault-decision.ts";
import { weatherFrom } from "../../weather/weather.ts";
import { simulatedPlatform, type TaskFate } from "../local/simulated.ts";
import { recordedPace, type WorkPace, workMsOf } from "../platform-model.ts";
import { taskPrices } from "../task-prices.ts";
import { type Scenario, scenariosOf } from "./what-if-scenarios.ts";

export interface WhatIfPorts {
  readonly store: Store;
  /** Called with each way that is gone through. */
  readonly onScenario?: (name: string) => void;
  /** Reads a simulated run as any other: by its record, though its weather is known. */
  readonly byRecord?: boolean;
}

/**
 * A recorded run again, on the virtual clock and with all its mathematics: every task meets the
 * lateness and the faults that the record tells of it, or that the weather of a simulated run has
 * for it, and one thing is another. Nothing of it is
 * kept in the store. Throws `RunError` for private runs, whose rows may not be asked again, and for
 * runs whose replies are told in sums.
 */
export async function whatIf(record: RunRecord, ports: WhatIfPorts): Promise<WhatIf> {
  const { store, onScenario = () => undefined } = ports;
  const events = await readHistory(store, record.run);
  refuse(record, events);
  const result = await readResult(store, record.run);
  const staged = await readManifests(store, record);
  await loadProblem(record.spec.problem, store);
  const world = worldOf(record, events, ports);
  const spec = withEnd(record.spec, events);
  const scenarios = scenariosOf(spec, world.recorded.slowestSlot);
  const rows: WhatIfRow[] = [];
  for (const scenario of scenarios) {
    onScenario(scenario.name);
    const row = await rowOf({ ...record, spec }, scenario, staged, world, store);
    if (row !== null) rows.push(row);
  }
  const [again, ...others] = rows;
  const { seconds = Number.NaN, dollars = Number.NaN } = result ?? {};
  return { recorded: { seconds, dollars }, again: again!, rows: others };
}

function refuse({ run, spec }: RunRecord, events: readonly RunEvent[]): void {
  const no = (why: string, hint: string) => new RunError("no-what-if", `${run}: ${why}`, { hint });
  if (spec.privacy !== undefined)
    throw no(
      "what if would ask the rows of a private run again",
      "kofn simulate SPEC with other settings charges a budget of its own",
    );
  if (needsEphemeralShards(spec) || events.some(({ type }) => type === "arrivals"))
    throw no("its replies are told in sums", "simulate the spec again with the other setting");
}

/** A run that somebody ended early is compared over the rounds that it had. */
function withEnd(spec: RunSpec, events: readonly RunEvent[]): RunSpec {
  const stopped = events.findLast(({ type }) => type === "stopped");
  const isWhole = stopped?.type === "stopped" && stopped.kind !== "interrupted";
  const last = events.findLast(({ type }) => type === "round");
  if (isWhole || last?.type !== "round") return spec;
  return { ...spec, stop: { ...spec.stop, rounds: Math.min(spec.stop.rounds, last.round) } };
}

interface World {
  readonly recorded: RecordedFates;
  readonly pace: WorkPace;
  /** What befalls a task of which the record tells nothing; any task where the weather is known. */
  readonly others: TaskFate;
  readonly isKnown: boolean;
  readonly entriesPerSlot: number;
}

function worldOf(record: RunRecord, events: readonly RunEvent[], ports: WhatIfPorts): World {
  const { backend, spec } = record;
  const about = {
    recorded: recordedFates(events),
    pace: recordedPace(record, events),
    entriesPerSlot: record.entriesPerSlot,
  };
  if (backend === "simulated" && ports.byRecord !== true) {
    const fates = faultModelOf(weatherFrom(spec.weather), spec.seed);
    const others: TaskFate = ({ id, slot, round }, isCold) =>
      fates({ task: id, slot, round }, isCold);
    return { ...about, others, isKnown: true };
  }
  const { lateness } = recordedLateness(events, record.run);
  const others: TaskFate = ({ id, slot, round }, isCold) =>
    lateness({ task: id, slot, round }, 0, isCold);
  return { ...about, others, isKnown: false };
}

/** Null where the run's strategy takes no such setting. */
async function rowOf(
  record: RunRecord,
  scenario: Scenario,
  staged: Dataset,
  world: World,
  store: Store,
): Promise<WhatIfRow | null> {
  const spec = { ...record.spec, ...scenario.change };
  if (!isPossible(spec)) return null;
  const first = await onceThrough(record, { spec, scenario, staged, world, store }, "least");
  const { seconds, dollars, rounds, objective, unseen, drawn } = first;
  const row = { name: scenario.name, seconds, dollars, rounds, objective, drawn };
  if (unseen.length === 0) return row;
  const last = await onceThrough(record, { spec, scenario, staged, world, store }, "most");
  return { ...row, atMost: { seconds: last.seconds, dollars: last.dollars }, unseen };
}

function isPossible(spec: RunSpec): boolean {
  try {
    resolveMembers(spec);
    return true;
  } catch (thrown) {
    if (thrown instanceof RunError) return false;
    throw thrown;
  }
}

interface Way {
  readonly spec: RunSpec;
  readonly scenario: Scenario;
  readonly staged: Dataset;
  readonly world: World;
  readonly store: Store;
}

/** Replies that the run's end cut off came right after it, or as late as any. */
async function onceThrough(record: RunRecord, way: Way, cutOff: "least" | "most") {
  const { scenario, world } = way;
  const store = overlayStore(way.store);
  const own = await recordFor(record, way, store);
  const unseen = new Set<string>();
  const drawn = new Set<string>();
  const { recorded, pace, others, isKnown } = world;
  const fateOf: TaskFate = (task, isCold) => {
    const workMs = workMsOf(taskEntries(task, world.entriesPerSlot), pace);
    const told = isKnown ? null : recorded.of(task.id, workMs);
    const fate = told ?? unrecorded(task, isCold, workMs);
    return scenario.fate?.(fate, task.slot) ?? fate;
  };
  const unrecorded = (task: WorkerTask, isCold: boolean, workMs: number): FaultDecision => {
    const other = others(task, isCold);
    if (isKnown) return other;
    const ranMs = recorded.unseenMs(task.id);
    if (ranMs === null) {
      drawn.add(task.id);
      return other;
    }
    unseen.add(task.id);
    const leastMs = Math.max(0, ranMs - workMs);
    const delayMs = cutOff === "least" ? leastMs : Math.max(leastMs, recorded.latestMs(workMs));
    return { ...other, delayMs, fault: null };
  };
  const { workers } = own.spec;
  const { clock, compute } = simulatedPlatform({ store, workers, pace, fateOf })(own);
  const prices = taskPrices(own.spec, "simulated", own.entriesPerSlot);
  const { result } = await orchestrate(own, { store, clock, compute, prices });
  await compute.close();
  const { seconds, dollars, rounds, objective } = result;
  return { seconds, dollars, rounds, objective, unseen: [...unseen], drawn: drawn.size };
}

/** The record of a run that is never seen; its data are those of the recorded one. */
async function recordFor(
  record: RunRecord,
  { spec, scenario, staged }: Way,
  store: Store,
): Promise<RunRecord> {
  const { forecast: _, earlier: __, functions: ___, ...kept } = record;
  const own = { ...kept, spec, run: "what-if", backend: "simulated" };
  if (scenario.change.encoding === undefined) {
    await writeRecord(store, own);
    return own;
  }
  const { prepared } = staged;
  const { method, encoding } = resolveMembers(spec);
  const onProgress = () => undefined;
  const encoded = await method.stage({ spec, encoding, prepared, store, onProgress });
  const key = encodedKey(encoded.digest);
  const digest = contentDigest((await store.read(key))!);
  const other = {
    ...own,
    spec: method.settle?.(spec, encoded) ?? spec,
    encoded: key,
    ...(own.manifests === undefined ? {} : { manifests: { ...own.manifests, encoded: digest } }),
    entriesPerSlot: entriesPerSlot(encoded),
  };
  await writeRecord(store, other);
  return other;
}
