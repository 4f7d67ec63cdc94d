import { assert, RunError } from "../../core/errors.ts";
import type { ParameterSpec } from "../../math/vector.ts";
import type { PartLayout } from "../../model-parallel/pipeline-layout.ts";
import type { ObjectRef } from "../../ports/object-ref.ts";
import { fromPacket, toPacket } from "../../wire/packet.ts";
import type { TensorArray } from "../../wire/safetensors.ts";
import type { PartState } from "./state.ts";

/** A model in parts, with what the optimizer keeps of each, however it was cut. */
export interface PartedModel {
  readonly layouts: readonly PartLayout[];
  readonly parts: readonly PartState[];
}

interface RedealPorts {
  read(ref: ObjectRef): Promise<TensorArray>;
  write(data: TensorArray): Promise<ObjectRef>;
}

/**
 * The same weights and optimizer's state in other parts, as another cut of the model has them. Old
 * parts are read one after another. Throws `RunError` where the optimizer keeps something of a part
 * that is neither a number a weight nor the same in all parts.
 */
export async function redealParts(
  from: PartedModel,
  layouts: readonly PartLayout[],
  ports: RedealPorts,
): Promise<PartState[]> {
  const places = placesOf(from.layouts);
  const all: PartState[] = [];
  for (const { tensors } of layouts) {
    const own = tensors.map(({ index }) => {
      const place = places.get(index);
      assert(place !== undefined, "both cuts are of one model");
      return place;
    });
    const used = [...new Set(own.map(({ part }) => part))];
    const gather = async (refOf: (part: PartState) => ObjectRef) => {
      const arrays = new Map<number, TensorArray>();
      for (const part of used) arrays.set(part, await ports.read(refOf(from.parts[part]!)));
      return ports.write(joined(own, arrays));
    };
    const hasMemory = used.every((part) => from.parts[part]!.memory !== null);
    const hasAhead = used.every((part) => from.parts[part]!.ahead !== null);
    all.push({
      weights: await gather(({ weights }) => weights),
      ahead: hasAhead ? await gather(({ ahead }) => ahead!) : null,
      memory: hasMemory ? await redealMemory(from, used, own, ports) : null,
      digests: own.map(({ part, at }) => from.parts[part]!.digests[at]!),
    });
  }
  return all;
}

/** Where a tensor is among the old parts. */
interface OldPlace {
  readonly part: number;
  readonly at: number;
  readonly from: number;
  readonly length: number;
}

const sizeOf = ({ shape }: ParameterSpec) => shape.reduce((a, b) => a * b, 1);
const lengthOf = ({ tensors }: PartLayout) => tensors.reduce((sum, one) => sum + sizeOf(one), 0);

function placesOf(layouts: readonly PartLayout[]): ReadonlyMap<number, OldPlace> {
  const places = new Map<number, OldPlace>();
  for (const [part, { tensors }] of layouts.entries()) {
    let from = 0;
    for (const [at, tensor] of tensors.entries()) {
      const length = sizeOf(tensor);
      places.set(tensor.index, { part, at, from, length });
      from += length;
    }
  }
  return places;
}

/** The tensors' numbers, out of arrays that have one for each weight of their part. */
function joined<T extends TensorArray>(
  own: readonly OldPlace[],
  arrays: ReadonlyMap<number, T>,
): T {
  const length = own.reduce((sum, one) => sum + one.length, 0);
  const kind = arrays.values().next().value!.constructor as new (length: number) => T;
  const out = new kind(length);
  let at = 0;
  for (const place of own) {
    const array = arrays.get(place.part)!;
    (out as Float64Array).set(
      array.subarray(place.from, place.from + place.length) as Float64Array,
      at,
    );
    at += place.length;
  }
  return out;
}

type Plain = unknown;

async function redealMemory(
  { layouts, parts }: PartedModel,
  used: readonly number[],
  own: readonly OldPlace[],
  { read, write }: RedealPorts,
): Promise<ObjectRef> {
  const memories = new Map<number, Plain>();
  for (const part of used)
    memories.set(part, fromPacket<object>((await read(parts[part]!.memory!)) as Uint8Array));
  const lengths = new Map(used.map((part) => [part, lengthOf(layouts[part]!)]));
  const merge = (values: ReadonlyMap<number, Plain>, path: string): Plain => {
    const [first] = values.values();
    const areArrays = [...values.values()].every((value) => ArrayBuffer.isView(value));
    const isPerWeight =
      areArrays &&
      [...values].every(([part, value]) => (value as TensorArray).length === lengths.get(part));
    if (isPerWeight) return joined(own, values as ReadonlyMap<number, TensorArray>);
    if (areArrays || typeof first !== "object" || first === null) {
      const text = (value: Plain) =>
        ArrayBuffer.isView(value) ? (value as TensorArray).join() : String(value);
      if ([...values.values()].every((value) => text(value) === text(first))) return first;
      throw new RunError(
        "bad-combination",
        `strategy.from: what the optimizer keeps as ${path} is another in each part of the model`,
        { hint: "go on with the same stages: kofn resume" },
      );
    }
    const field = (key: string) =>
      merge(
        new Map([...values].map(([part, value]) => [part, (value as Record<string, Plain>)[key]])),
        `${path}.${key}`,
      );
    if (Array.isArray(first)) return first.map((_, i) => field(String(i)));
    return Object.fromEntries(Object.keys(first).map((key) => [key, field(key)]));
  };
  return write(toPacket(merge(memories, "memory") as object));
}
