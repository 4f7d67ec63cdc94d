import { refusePayload } from "../compression/bits.ts";
import { contentOf, payloadOf } from "../compression/payload.ts";
import type { PayloadModel } from "../compression/payload-model.ts";
import {
  denseGradient,
  presentValues,
  type TensorPart,
  tensorLength,
} from "../math/slices/gradient-part.ts";
import type { GradientForm, SlicedGradient, TableFacts } from "../math/slices/sliced-gradient.ts";
import { isMerged, isShorterAsSlices, type Slices } from "../math/slices/slices.ts";
import { isFiniteVector, type TensorSpec, type Vector } from "../math/vector.ts";
import type { TaskOutput, WorkerReply } from "./task-kind.ts";

type Tensors = readonly Pick<TensorSpec, "shape">[];

/**
 * A reply that tells gradients tensor by tensor: as float32, tables by their rows where those are
 * fewer bytes. Where all tensors are dense, the numbers travel as they always did.
 */
export function slicedReply(
  { loss, parts, tables }: SlicedGradient,
  tensors: Tensors,
  form: GradientForm,
): TaskOutput {
  const told = form === "gather" ? parts : parts.map(shorterPart);
  const facts = tables.map((table): TableFacts => {
    const isDense = told[table.tensor]!.kind === "dense";
    return isDense && table.dense === undefined ? { ...table, dense: "rows" } : table;
  });
  if (told.every(({ kind }) => kind === "dense")) {
    const values = new Float32Array(denseGradient(told, tensors));
    return { loss, values, tables: facts };
  }
  return { loss, values: new Float32Array(0), payload: payloadOfParts(told), tables: facts };
}

/** Parts as a payload: dense ones as float32, and rows as they are. */
export function payloadOfParts(parts: readonly TensorPart[]): Uint8Array<ArrayBuffer> {
  return payloadOf({ kind: "parts", parts: parts.map(contentOfPart) });
}

/** Merged rows that are no fewer bytes than the whole matrix become the matrix. */
export function shorterPart(part: TensorPart): TensorPart {
  if (part.kind === "dense") return part;
  const { slices } = part;
  if (isShorterAsSlices(slices.ids.length, slices)) return part;
  return {
    kind: "dense",
    values: denseGradient([part], [{ shape: [slices.rows, slices.columns] }]),
  };
}

function contentOfPart(part: TensorPart): PayloadModel {
  if (part.kind === "slices") {
    const { slices } = part;
    const values = new Float32Array(slices.values);
    return { kind: "slices", merged: isMerged(slices), slices: { ...slices, values } };
  }
  const floats = new Float32Array(part.values);
  const { length } = floats;
  return { kind: "coded", length, support: { kind: "all" }, values: { kind: "floats", floats } };
}

/** As `readTensorParts`; a reply without payload tells of all tensors densely. */
export function readSlicedReply(
  { values, payload }: WorkerReply,
  tensors: Tensors,
): readonly TensorPart[] {
  return payload === undefined ? denseParts(values, tensors) : readTensorParts(payload, tensors);
}

/**
 * What a payload tells, tensor by tensor. Throws `RunError` for one that is damaged or about other
 * tensors.
 */
export function readTensorParts(payload: Uint8Array, tensors: Tensors): readonly TensorPart[] {
  const lengths = tensors.map(tensorLength);
  const length = lengths.reduce((sum, one) => sum + one, 0);
  const content = contentOf(payload, length);
  if (content.kind !== "parts") {
    const whole = readPart(content, { shape: [length] }, length);
    return denseParts(presentValues(whole), tensors);
  }
  if (content.parts.length !== tensors.length)
    return refusePayload(`it is not one part for each of ${tensors.length} tensors`);
  return content.parts.map((part, at) => readPart(part, tensors[at]!, lengths[at]!));
}

function denseParts(values: Vector, tensors: Tensors): readonly TensorPart[] {
  let from = 0;
  return tensors.map((tensor) => {
    const part = values.subarray(from, from + tensorLength(tensor));
    from += part.length;
    return { kind: "dense", values: part };
  });
}

function readPart(part: PayloadModel, { shape }: Tensors[number], length: number): TensorPart {
  if (part.kind === "slices") {
    const { rows, columns } = part.slices;
    if (shape.length !== 2 || rows !== shape[0] || columns !== shape[1])
      return refusePayload(`slices of ${rows} x ${columns} for a tensor of [${shape}]`);
    return { kind: "slices", slices: part.slices };
  }
  const isWhole =
    part.kind === "coded" && part.support.kind === "all" && part.values.kind === "floats";
  if (!isWhole || part.length !== length)
    return refusePayload(`a part is no tensor of [${shape}], and no rows of it`);
  return { kind: "dense", values: (part.values as { floats: Float32Array }).floats };
}

/** All numbers that a reply tells are numbers. */
export function areFinite(parts: readonly TensorPart[]): boolean {
  return parts.every((part) => isFiniteVector(presentValues(part)));
}

/** Bytes of a part as it travels; absent rows take none. */
export function partBytes(part: TensorPart): number {
  const ids = part.kind === "slices" ? (part.slices as Slices).ids.byteLength : 0;
  return 4 * presentValues(part).length + ids;
}
