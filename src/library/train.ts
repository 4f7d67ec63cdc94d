import { checkRunName } from "../journal/run-record.ts";
import { homePath } from "../platform/local/paths.ts";
import { checkBackend } from "../platform/local/registry.ts";
import { changeSettings } from "../platform/training/change-settings.ts";
import { checkSpec } from "../platform/training/check-spec.ts";
import { nameRun, type Watchers } from "../platform/training/create-run.ts";
import { withOpenRun } from "../platform/training/open-run.ts";
import { trainFurther, trainNew } from "../platform/training/train.ts";
import type { ResultEvent, RunEvent } from "../ports/events.ts";
import type { Orchestrated } from "../run/orchestrate.ts";
import { resolveSpec } from "../run/resolve-spec.ts";
import { checkPlace } from "./members.ts";
import { loadModel } from "./model.ts";
import type { Model } from "./model-in-hand.ts";
import { withRowFile } from "./row-file.ts";
import type { SpecInCode } from "./spec-in-code.ts";
import {
  type OnRound,
  overridesOf,
  type RoundAction,
  type Steering,
  steering,
} from "./steering.ts";

/** Where workers run; a name of another kind is refused when it is used. */
export type BackendName = "emulated" | "threads" | "simulated" | (string & {});

export interface TrainOptions {
  /** Where workers run: `emulated` (the default), `threads` or `simulated`. */
  readonly backend?: BackendName;
  /** The folder that keeps runs; KOFN_HOME, or `.kofn`, where absent. */
  readonly home?: string;
  /** The run's name instead of one made up. */
  readonly name?: string;
  /** Hears every event, in order. */
  readonly listen?: (event: RunEvent) => void;
  /** Called after every round; may end the run, or change whom it waits for or its rate. */
  readonly onRound?: OnRound;
  /** Stops the run, its checkpoint kept. */
  readonly signal?: AbortSignal;
}

/** What a run came to: as its result event, with null for an objective that was not computed. */
export type TrainResult = Omit<ResultEvent, "objective"> & {
  /** The original problem's on all training rows; null where a private run may not tell it. */
  readonly objective: number | null;
};

/** What became of a run: its result so far, and why it stopped. */
export interface Trained {
  readonly run: string;
  readonly result: TrainResult;
  /** `done`, or what stopped it earlier; then `resume` goes on with it. */
  readonly stop: "done" | "unfinished" | "budget" | "interrupted";
  /** In words; "finished" when it is done. */
  readonly reason: string;
  /** The model in hand, for predictions in memory. */
  model(): Promise<Model>;
}

/** A setting of a run that is open. */
interface RunPlace {
  readonly run: string;
  readonly home: string;
}

/**
 * Trains by a spec, as `kofn run` does: encodes the data unless that was done before, runs to the
 * end or to a budget, and writes model and report into the home. `data.rows` takes rows that the
 * program has. Throws `RunError` for whatever is wrong with spec or data, before anything starts
 * where possible.
 */
export async function train(spec: SpecInCode, options: TrainOptions = {}): Promise<Trained> {
  const home = options.home ?? homePath();
  const backend = checkBackend(options.backend ?? "emulated");
  const run = options.name === undefined ? nameRun() : checkRunName(options.name);
  const checked = checkSpec(resolveSpec(await withRowFile(spec, home)));
  await checkPlace(checked, { backend, home });
  return steered({ run, home }, options, (watchers) =>
    trainNew({ run, spec: checked, backend, home }, watchers),
  );
}

/** Goes on with a run: `run` is its name, a unique part of that, or `latest`. */
export async function resume(
  run: string,
  options: Omit<TrainOptions, "backend" | "name"> = {},
): Promise<Trained> {
  const home = options.home ?? homePath();
  const record = await withOpenRun({ home }, run, async (_home, found) => found);
  await checkPlace(record.spec, { backend: record.backend, home });
  return steered({ run: record.run, home }, options, (watchers) =>
    trainFurther(record, home, watchers),
  );
}

/** Trains until the program has nothing more to change: each change begins a segment. */
async function steered(
  place: RunPlace,
  options: Omit<TrainOptions, "backend" | "name">,
  begin: (watchers: Watchers) => Promise<Orchestrated>,
): Promise<Trained> {
  let next = begin;
  for (;;) {
    const steer = steering(options.onRound, options.signal);
    const done = await next(watchersOf(steer, options));
    const action = steer.action();
    const isOver = done.end.stop.kind !== "interrupted" || options.signal?.aborted === true;
    if (isOver || action === undefined || action === "stop")
      return trainedAs(done, place, isOver ? undefined : action);
    next = await changed(place, action);
  }
}

function watchersOf(steer: Steering, { listen }: Pick<TrainOptions, "listen">): Watchers {
  return {
    signal: steer.signal,
    listen(event) {
      listen?.(event);
      steer.listen(event);
    },
  };
}

async function changed(
  { run, home }: RunPlace,
  action: Exclude<RoundAction, "stop" | undefined>,
): Promise<(watchers: Watchers) => Promise<Orchestrated>> {
  const record = await withOpenRun({ home }, run, ({ store }, found) =>
    changeSettings(store, found, overridesOf(action)),
  );
  return (watchers) => trainFurther(record, home, watchers);
}

function trainedAs({ end, result }: Orchestrated, place: RunPlace, action: RoundAction): Trained {
  const { stop } = end;
  const why = stop.kind === "done" ? "finished" : stop.reason;
  const objective = Number.isFinite(result.objective) ? result.objective : null;
  return {
    run: place.run,
    result: { ...result, objective },
    stop: stop.kind,
    reason: action === "stop" ? "stopped by onRound" : why,
    model: () => loadModel(place.run, { home: place.home }),
  };
}
