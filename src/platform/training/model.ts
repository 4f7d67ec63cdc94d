import { RunError } from "../../core/errors.ts";
import { checkVersion } from "../../core/json.ts";
import type { Chosen } from "../../core/registry.ts";
import { type Preparation, preparationVersion } from "../../data/manifests.ts";
import type { Store } from "../../ports/store.ts";
import { loadProblem } from "../../run/ingest.ts";
import { readModelFile, wholeFormat } from "../../run/model-weights.ts";
import { readableObject, readNamedObject } from "../../store-damage.ts";
import { modelKey } from "../../store-layout.ts";
import { fromSafetensors } from "../../wire/safetensors.ts";

/** A trained model: weights, and how raw rows become the features that they apply to. */
export interface TrainedModel {
  readonly run: string;
  readonly problem: Chosen;
  readonly preparation: Preparation;
  readonly weights: Float32Array;
  /** The network that the weights are of, as stored; null for other problems. */
  readonly network: Uint8Array | null;
  /** The object itself. */
  readonly bytes: Uint8Array;
}

/** A run's model. Throws `RunError` where it has none yet. */
export async function readTrainedModel(store: Store, run: string): Promise<TrainedModel> {
  const key = modelKey(run);
  const bytes = await readModelFile(store, run);
  if (bytes === null) {
    throw new RunError("no-model", `${run} has no model yet`, {
      hint: `it appears when the run stops: kofn watch ${run}, or kofn resume ${run}`,
    });
  }
  const { tensors, metadata } = readableObject(key, () => fromSafetensors(bytes, key));
  const weights = tensors.weights?.data;
  if (!(weights instanceof Float32Array) || metadata.format !== wholeFormat) {
    throw new RunError("bad-model", `${key}: it is not a model that this version knows`, {
      hint: "use the version of kofn that wrote it",
    });
  }
  const { problem, stored } = readableObject(key, () => ({
    problem: JSON.parse(metadata.problem ?? "") as Chosen,
    stored: JSON.parse(metadata.preparation ?? "null") as Preparation,
  }));
  await loadProblem(problem, store);
  const networkKey = (problem.facts as { readonly key?: string } | undefined)?.key;
  const preparation = checkVersion(stored, preparationVersion, key);
  const network = networkKey === undefined ? null : await readNamedObject(store, networkKey);
  return { run, problem, preparation, weights, bytes, network };
}
