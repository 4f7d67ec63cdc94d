import { join } from "node:path";
import { partRun, wholeRun } from "../../scripts/goldens/golden.ts";
import {
  fieldsOf,
  type GoldenPromises,
  labelsIn,
  pattern,
} from "../../scripts/goldens/promises.ts";
import type { Encoded, Prepared } from "../../src/data/manifests.ts";
import { replay } from "../../src/engine/replay.ts";
import { resume } from "../../src/index.ts";
import { readRecord } from "../../src/journal/run-record.ts";
import { openHome } from "../../src/platform/local/home.ts";
import { workerRequestOf } from "../../src/platform/worker-compute.ts";
import { readHistory } from "../../src/run/finish.ts";
import { loadProblem } from "../../src/run/ingest.ts";
import { openTraining } from "../../src/run/resolve-members.ts";
import { stateShape } from "../../src/run/state-version.ts";
import type { TrainingStrategy } from "../../src/strategies/definition.ts";
import { createWorker } from "../../src/worker/worker.ts";
import { readEncodedManifest } from "../../src/worker/worker-context.ts";
import { readTexts } from "../style/source-tree.ts";

export const promisesPath = join(import.meta.dirname, "promises.json");

/**
 * Goes on with the run that was stopped, then follows both recordings: every state, task, reply and
 * key that they meet. Also returns the digest that the stopped run came to.
 */
export async function promisesIn(
  home: string,
): Promise<{ readonly promises: GoldenPromises; readonly resumed: string }> {
  const before = await keysIn(home);
  const { result } = await resume(partRun, { home });
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
    const inner = openTraining(of.spec, { prepared, encoded }, of.largestEigenvalue);
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
  const promises = {
    strategy,
    stateVersion,
    state: sorted(state),
    tasks: sorted(tasks),
    replies: sorted(replies),
    taskNames: sorted(taskNames),
    keys: sorted(keys),
  };
  return { promises, resumed: result.weightsDigest };
}

async function keysIn(home: string): Promise<string[]> {
  const { store, close } = await openHome(home);
  return store.list("").finally(close);
}

/** Labels of all draws but those of the contract suites, on which no run hangs. */
export function labelsNow(): string[] {
  const root = join(import.meta.dirname, "../..");
  const texts = Object.entries(readTexts(root, ["src"], [".ts"]));
  return labelsIn(
    texts.filter(([path]) => !path.startsWith("src/testing/")).map(([, text]) => text),
  );
}
