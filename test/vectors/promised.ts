import { partRun, trainBoth, wholeRun, withTemporaryHome } from "../../scripts/goldens/golden.ts";
import { fieldsOf, type GoldenPromises, pattern } from "../../scripts/goldens/promises.ts";
import type { Encoded, Prepared } from "../../src/data/manifests.ts";
import { replay } from "../../src/engine/replay.ts";
import { type RunInput, resume } from "../../src/index.ts";
import { readRecord } from "../../src/journal/run-record.ts";
import { workerRequestOf } from "../../src/platform/backend.ts";
import { openHome } from "../../src/platform/local/home.ts";
import { readHistory } from "../../src/run/finish.ts";
import { loadProblem } from "../../src/run/ingest.ts";
import { openTraining } from "../../src/run/resolve-members.ts";
import { stateShape } from "../../src/run/state-version.ts";
import type { TrainingStrategy } from "../../src/strategies/definition.ts";
import { createWorker } from "../../src/worker/worker.ts";
import { readEncodedManifest } from "../../src/worker/worker-context.ts";

/**
 * The names in two runs of a spec, one of which is stopped on its way and goes on: every state,
 * task, reply and key. Both are runs of this kofn alone, so that a name that it has changed shows
 * as that, whatever it would make of an older one's store.
 */
export function promisesOf(spec: RunInput): Promise<GoldenPromises> {
  return withTemporaryHome(async (home) => {
    await trainBoth(spec, home);
    const before = await keysIn(home);
    await resume(partRun, { home });
    return namesIn(home, before);
  });
}

/** Follows both recordings. */
async function namesIn(home: string, before: readonly string[]): Promise<GoldenPromises> {
  const opened = await openHome(home);
  const { store } = opened;
  const state = new Set<string>();
  const tasks = new Set<string>();
  const replies = new Set<string>();
  const taskNames = new Set<string>();
  const record = await readRecord(store, wholeRun);
  for (const run of [wholeRun, partRun]) {
    const of = await readRecord(store, run);
    const prepared = await readEncodedManifest<Prepared>(store, of.prepared);
    const encoded = await readEncodedManifest<Encoded>(store, of.encoded);
    await loadProblem(of.spec.problem, store);
    const inner = openTraining(of.spec, { prepared, encoded }, of);
    const strategy: TrainingStrategy = {
      ...inner,
      receive(before, arrival, atMs) {
        const step = inner.receive(before, arrival, atMs);
        fieldsOf(step.state, "", state);
        return step;
      },
    };
    const perform = createWorker(store, () => 0, of.spec.workers);
    await replay(strategy, await readHistory(store, run), async (task) => {
      taskNames.add(pattern(task.id));
      for (const field of fieldsOf(task)) tasks.add(`${task.operation} ${field}`);
      const reply = await perform(workerRequestOf(of, task));
      for (const field of fieldsOf(reply)) replies.add(`${task.operation} ${field}`);
      return reply;
    });
  }
  const keys = new Set([...before, ...(await store.list(""))].map(pattern));
  await opened.close();
  const { strategy, version: stateVersion } = stateShape(record);
  const sorted = (set: ReadonlySet<string>) => [...set].sort();
  return {
    strategy,
    stateVersion,
    state: sorted(state),
    tasks: sorted(tasks),
    replies: sorted(replies),
    taskNames: sorted(taskNames),
    keys: sorted(keys),
  };
}

async function keysIn(home: string): Promise<string[]> {
  const { store, close } = await openHome(home);
  return store.list("").finally(close);
}
