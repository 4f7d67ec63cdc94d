import { hash } from "node:crypto";
import { assert, RunError } from "../core/errors.ts";
import { putShare } from "../math/tensor-share.ts";
import { type ModelRef, modelBytes, type PlacedTensor } from "../ports/model-ref.ts";
import type { Store } from "../ports/store.ts";
import { damagedObject, readableObject } from "../store-damage.ts";
import { modelKey } from "../store-layout.ts";
import { fromSafetensors, toSafetensors } from "../wire/safetensors.ts";
import { readObject } from "../worker/objects.ts";
import { readEvaluated, readModelObject } from "./stored-end.ts";

/** SHA-256 over the weights' little-endian bytes: two runs that agree have the same. */
export function weightsDigest(weights: Float32Array<ArrayBuffer>): string {
  return hash("sha256", new Uint8Array(weights.buffer, weights.byteOffset, weights.byteLength));
}

/**
 * Of a sharded model the digest of its tensors' digests, in hexadecimal, in their order: the same
 * however they are dealt to parts. Of one that tells of no tensors, of its parts'.
 */
export function modelDigest(model: ModelRef): string {
  if (model.kind === "whole") return weightsDigest(model.weights);
  const { tensors = model.parts } = model;
  return hash("sha256", tensors.map(({ sha256 }) => sha256).join(""));
}

/** The format that a stored model's metadata names. */
export const wholeFormat = "kofn-linear-1";
/** The format of a model that names the parts its weights are in. */
export const shardedFormat = "kofn-sharded-1";

/**
 * A run's model as one safetensors object, assembled if it is sharded; null while there is none.
 * Throws `RunError` where a part is gone or damaged.
 */
export async function readModelFile(store: Store, run: string): Promise<Uint8Array | null> {
  const key = modelKey(run);
  const stored = await readModelObject(store, run);
  if (stored === null) return null;
  const { bytes, weightsDigest: expected } = stored;
  const { tensors: own, metadata: all } = readableObject(key, () => fromSafetensors(bytes, key));
  const { parts, tensors, shape, ...metadata } = all;
  if (metadata.format !== shardedFormat || parts === undefined || shape === undefined) {
    const { data } = own.weights ?? {};
    const isOther = data instanceof Float32Array && weightsDigest(packed(data)) !== expected;
    if (expected !== undefined && isOther)
      throw damagedObject(key, "its weights are not those of the run's result");
    return bytes;
  }
  const places = tensors === undefined ? {} : { tensors: JSON.parse(tensors) };
  const data = await readWeights(store, { kind: "sharded", parts: JSON.parse(parts), ...places });
  const weights = { shape: JSON.parse(shape) as number[], data };
  return toSafetensors({ weights }, { ...metadata, format: wholeFormat });
}

/** In memory of its own: what was read may stand anywhere within a larger object. */
function packed(data: Float32Array): Float32Array<ArrayBuffer> {
  return new Float32Array(data);
}

/** Whether all that the end of a run leaves is there as it was written. */
export async function isEndWhole(store: Store, run: string): Promise<boolean> {
  try {
    await readEvaluated(store, run);
    return (await readModelFile(store, run)) !== null;
  } catch (thrown) {
    if (thrown instanceof RunError && codesOfDamage.includes(thrown.code)) return false;
    throw thrown;
  }
}

const codesOfDamage: readonly string[] = ["damaged-object", "bad-object"];

/** The weights of a model that is whole. */
export function wholeWeights(model: ModelRef): Float32Array<ArrayBuffer> {
  assert(model.kind === "whole", "this model is in parts");
  return model.weights;
}

/** All weights in one vector. Throws `RunError` where a part is gone. */
export async function readWeights(
  store: Store,
  model: ModelRef,
): Promise<Float32Array<ArrayBuffer>> {
  if (model.kind === "whole") return model.weights;
  const weights = new Float32Array(modelBytes(model) / Float32Array.BYTES_PER_ELEMENT);
  const { tensors } = model;
  let at = 0;
  for (const [index, part] of model.parts.entries()) {
    const data = await readObject(store, part);
    if (!(data instanceof Float32Array))
      throw new RunError("bad-object", `${part.key}: a part of a model is F32, not ${part.dtype}`);
    if (tensors === undefined) weights.set(data, at);
    else putTensors(tensors, index, data, weights);
    at += data.length;
  }
  return weights;
}

/** Puts a part's tensors where they stand in the whole. */
function putTensors(
  tensors: readonly PlacedTensor[],
  index: number,
  data: Float32Array,
  weights: Float32Array,
): void {
  let at = 0;
  for (const { part, from, length, share } of tensors) {
    const of = share?.of ?? 1;
    if (part === index) {
      const own = data.subarray(from, from + length);
      if (share === undefined) weights.set(own, at);
      else putShare(own, share.shape, share, weights.subarray(at, at + length * of));
    }
    if (share === undefined || share.part === of - 1) at += length * of;
  }
}
