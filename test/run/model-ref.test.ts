import { expect, test } from "vitest";
import { readBatches, readCheckpoint } from "../../src/journal/checkpoint.ts";
import { checkpointer } from "../../src/journal/checkpointer.ts";
import { readTrainedModel } from "../../src/platform/training/model.ts";
import type { ShardedModel } from "../../src/ports/model-ref.ts";
import type { Store } from "../../src/ports/store.ts";
import { finishRun } from "../../src/run/finish.ts";
import {
  modelDigest,
  readModelFile,
  readWeights,
  weightsDigest,
  wholeWeights,
} from "../../src/run/model-weights.ts";
import { stateShape } from "../../src/run/state-version.ts";
import { memoryStore } from "../../src/storage/memory.ts";
import { evaluationKey, modelPartsPrefix } from "../../src/store-layout.ts";
import { writeObject } from "../../src/worker/objects.ts";
import { scene, segment, table } from "../simulation/simulated-run.ts";

const spec = {
  problem: { type: "ridge", l2: 0.05 },
  workers: 3,
  wait: "all",
  stop: { rounds: 6, tolerance: 0 },
};

/** The weights in three parts of different lengths. */
async function inParts(
  store: Store,
  run: string,
  round: number,
  weights: Float32Array<ArrayBuffer>,
): Promise<ShardedModel> {
  const [a, b] = [1, 3];
  const parts = [weights.slice(0, a), weights.slice(a, b), weights.slice(b)];
  const refs = parts.map((part, i) =>
    writeObject(store, run, { name: `${round}/part-${i}`, lifetime: "run" }, part),
  );
  return { kind: "sharded", parts: await Promise.all(refs) };
}

/** A run that is over, and the same with all its models in parts. */
async function bothWays() {
  const start = await scene(spec, table(90, 4, 3));
  const { record, store, staged } = start;
  const { run } = record;
  const end = await segment(start);
  const sharded = memoryStore();
  for (const key of await store.list("")) await sharded.write(key, (await store.read(key))!);
  const { sequence, state } = (await readCheckpoint<object>(store, run))!;
  const { traces, events } = await readBatches(store, run, { upTo: sequence });
  for (const key of await sharded.list(`runs/${run}/`)) await sharded.remove(key);
  const log = checkpointer<object>(sharded, { run, shape: stateShape(record) }, null);
  for (const event of events) log.tell(event);
  for (const trace of traces) {
    const model = await inParts(sharded, run, trace.round, wholeWeights(trace.model));
    log.save(state, trace.atMs, { ...trace, model });
  }
  await log.flush(end.elapsedMs);
  const [model, startModel] = await Promise.all(
    (
      [
        [end.model, end.rounds],
        [end.startModel, 0],
      ] as const
    ).map(([whole, round]) => inParts(sharded, run, round, wholeWeights(whole))),
  );
  const endInParts = { ...end, model: model!, startModel: startModel! };
  return { record, run, prepared: staged.prepared, store, sharded, end, endInParts, traces };
}

test("a model in parts is traced, evaluated, finished and read as a whole one", async () => {
  const { record, run, prepared, store, sharded, end, endInParts, traces } = await bothWays();
  const whole = await finishRun(record, prepared, end, store);
  const parts = await finishRun(record, prepared, endInParts, sharded);
  expect(parts).toEqual({ ...whole, weightsDigest: modelDigest(endInParts.model) });
  expect(traces.length).toBe(6);
  expect(await sharded.read(evaluationKey(run))).toEqual(await store.read(evaluationKey(run)));
  // Put together, the file is the whole one's to the byte, and so is what predicts by it.
  expect(await readModelFile(sharded, run)).toEqual(await readModelFile(store, run));
  const { weights } = await readTrainedModel(sharded, run);
  expect(weights).toEqual(wholeWeights(end.model));
  // The first and the last model's parts are left: finished again, it tells of those.
  const left = [endInParts.startModel, endInParts.model].flatMap((model) =>
    (model as ShardedModel).parts.map(({ key }) => key),
  );
  expect(await sharded.list(modelPartsPrefix(run))).toEqual(left.sort());
  expect(await finishRun(record, prepared, endInParts, sharded)).toEqual(parts);
  await sharded.remove(left[0]!);
  await expect(finishRun(record, prepared, endInParts, sharded)).rejects.toThrow("is gone");
});

test("the digest of a model in parts hangs on every part and its place", async () => {
  const store = memoryStore();
  const weights = Float32Array.of(1, 2, 3, 4, 5);
  const model = await inParts(store, "r", 1, weights);
  expect(modelDigest(model)).toMatch(/^[0-9a-f]{64}$/);
  expect(modelDigest(model)).not.toBe(weightsDigest(weights));
  expect(modelDigest(await inParts(store, "other", 2, weights))).toBe(modelDigest(model));
  const turned = { ...model, parts: model.parts.toReversed() };
  expect(modelDigest(turned)).not.toBe(modelDigest(model));
  const changed = await inParts(store, "r", 2, weights.with(4, 6));
  expect(modelDigest(changed)).not.toBe(modelDigest(model));
  expect(await readWeights(store, model)).toEqual(weights);
  await store.write(model.parts[1]!.key, (await store.read(changed.parts[2]!.key))!);
  await expect(readWeights(store, model)).rejects.toThrow("part-1.safetensors is gone or damaged");
});
