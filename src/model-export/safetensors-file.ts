import { RunError } from "../core/errors.ts";
import { checkVersion } from "../core/json.ts";
import type { Chosen } from "../core/registry.ts";
import { type Preparation, preparationVersion } from "../data/manifests.ts";
import type { TrainedModel } from "../platform/training/model.ts";
import { fromSafetensors, type Tensor, toSafetensors } from "../wire/safetensors.ts";
import { flatWeights, layerTensors } from "./named-tensors.ts";

/** The format that an exported file's metadata names. */
export const exportedFormat = "kofn-model-1";

/** Tensors by layer; the metadata hold the rest: problem, preparation and layers. */
export function safetensorsOf(model: TrainedModel): Uint8Array<ArrayBuffer> {
  const { run, problem, preparation, network } = model;
  const layers =
    network === null
      ? {}
      : { layers: JSON.stringify(fromSafetensors(network, "the network").metadata) };
  return toSafetensors(layerTensors(model), {
    format: exportedFormat,
    run,
    problem: JSON.stringify(problem),
    preparation: JSON.stringify(preparation),
    ...layers,
  });
}

/** The model in an exported file's bytes. Throws `RunError` for one of another kind. */
export function modelInSafetensors(bytes: Uint8Array, place: string): TrainedModel {
  const { tensors, metadata } = fromSafetensors(bytes, place);
  if (metadata.format !== exportedFormat)
    throw new RunError("bad-model", `${place}: it is not a model that this version knows`, {
      hint: "give a file of kofn export --format safetensors, or the name of a run",
    });
  const problem = JSON.parse(metadata.problem ?? "") as Chosen;
  const stored = JSON.parse(metadata.preparation ?? "null") as Preparation;
  const preparation = checkVersion(stored, preparationVersion, place);
  const weights = flatWeights(tensors, { problem, preparation });
  const network = metadata.layers === undefined ? null : definition(tensors, metadata.layers);
  return { run: metadata.run ?? "", problem, preparation, weights, network, bytes };
}

/** A network's definition, as the store holds it: its frozen tensors stand among the others. */
function definition(tensors: Readonly<Record<string, Tensor>>, layers: string): Uint8Array {
  return toSafetensors(tensors, JSON.parse(layers) as Record<string, string>);
}
