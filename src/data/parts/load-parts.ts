import { awaitedLater } from "../../core/awaited-later.ts";
import type { Examples, SparseRows } from "../../math/rows.ts";
import type { Store } from "../../ports/store.ts";
import { checkDigest, damagedObject, readableObject } from "../../store-damage.ts";
import { fromSafetensors, type Tensor } from "../../wire/safetensors.ts";
import type { StoredPart } from "../manifests.ts";
import type { ChunkPiece } from "./chunks.ts";
import { gathered } from "./gather.ts";
import { groupedByWeight } from "./grouped-rows.ts";
import { storedRowsOf } from "./packing.ts";

/** The rows of several parts as one, in their order. Checks digests, shapes and offsets. */
export async function readExamples(
  store: Store,
  parts: readonly StoredPart[],
  columns: number,
): Promise<Examples> {
  const rows = parts.reduce((total, part) => total + part.rows, 0);
  return groupedByWeight(await gathered(eachPart(store, parts, columns), rows, columns));
}

/** The parts' rows, one part at a time; the next one is on its way meanwhile. */
export async function* eachPart(
  store: Store,
  parts: readonly StoredPart[],
  columns: number,
): AsyncGenerator<Examples> {
  const kept = keptParts(store, parts);
  const read = (index: number) =>
    index < parts.length ? keptOrRead(kept, store, parts[index]!, columns) : null;
  let next = read(0);
  for (let index = 1; next !== null; index++) {
    const part = await next;
    next = read(index);
    if (next !== null) void awaitedLater(next);
    yield part;
  }
}

/** What readers of a store keep, by the parts' keys. */
interface KeptParts {
  readonly bytesMax: number;
  readonly byKey: Map<string, Promise<Examples>>;
}

const keepers = new WeakMap<Store, KeptParts>();

/**
 * From now on parts that are read from this store are kept, checked and taken apart once, where all
 * that are asked for together have no more bytes: for whoever goes through the same ones often.
 */
export function keepParts(store: Store, bytesMax: number): void {
  keepers.set(store, { bytesMax, byKey: new Map() });
}

function keptParts(store: Store, parts: readonly StoredPart[]): KeptParts | null {
  const keeper = keepers.get(store);
  if (keeper === undefined) return null;
  const bytes = parts.reduce((sum, part) => sum + part.bytes, 0);
  return bytes <= keeper.bytesMax ? keeper : null;
}

function keptOrRead(
  keeper: KeptParts | null,
  store: Store,
  part: StoredPart,
  columns: number,
): Promise<Examples> {
  const known = keeper?.byKey.get(part.key);
  if (known !== undefined) return known;
  const read = readPart(store, part, columns);
  keeper?.byKey.set(part.key, read);
  return read;
}

async function readPart(store: Store, part: StoredPart, columns: number): Promise<Examples> {
  const refuse = (what: string): never => {
    throw damagedObject(part.key, what);
  };
  const bytes = await store.read(part.key);
  if (bytes === null) return refuse("it is not in the store");
  checkDigest(bytes, part.key, part.sha256);
  const { tensors } = readableObject(part.key, () => fromSafetensors(bytes, part.key));
  const { values, targets, weights, indices, offsets } = tensors;
  if (!isFloats(targets) || targets.data.length !== part.rows)
    return refuse("it does not hold the rows it should");
  if (weights !== undefined && (!isFloats(weights) || weights.data.length !== part.rows))
    return refuse("it does not weigh the rows it holds");
  const rows =
    indices === undefined
      ? storedRowsOf(tensors, part.rows, columns)
      : sparseRows(values, indices, offsets, part.rows, columns);
  if (typeof rows === "string") return refuse(rows);
  const examples = { rows, targets: targets.data };
  return weights === undefined ? examples : { ...examples, weights: weights.data };
}

type Floats = Tensor & { readonly data: Float32Array };

function isFloats(tensor: Tensor | undefined): tensor is Floats {
  return tensor?.data instanceof Float32Array;
}

function sparseRows(
  values: Tensor | undefined,
  indices: Tensor,
  offsets: Tensor | undefined,
  rows: number,
  columns: number,
): SparseRows | string {
  if (!(indices.data instanceof Uint32Array) || !(offsets?.data instanceof Uint32Array))
    return "indices and offsets are not unsigned integers";
  if (!isFloats(values)) return "its values are not F32";
  const starts = offsets.data;
  const entries = indices.data.length;
  if (values.data.length !== entries || starts.length !== rows + 1)
    return "values, indices and offsets do not fit together";
  if (starts[0] !== 0 || starts[rows] !== entries) return "offsets do not span the entries";
  for (let i = 0; i < rows; i++) {
    if (starts[i]! > starts[i + 1]!) return `offsets go back at row ${i}`;
    for (let at = starts[i]!; at < starts[i + 1]!; at++)
      if (
        indices.data[at]! >= columns ||
        (at > starts[i]! && indices.data[at - 1]! >= indices.data[at]!)
      )
        return `column ${indices.data[at]} at row ${i} is out of order or range`;
  }
  return {
    kind: "sparse",
    rows,
    columns,
    values: values.data,
    indices: indices.data,
    offsets: starts,
  };
}

/** Stored parts of the training rows, told by their numbers in ascending order, as pieces. */
export async function* partReader(
  store: Store,
  parts: readonly StoredPart[],
  columns: number,
  numbers: Iterable<number> = parts.keys(),
): AsyncGenerator<ChunkPiece> {
  const starts: number[] = [];
  let rows = 0;
  for (const part of parts) {
    starts.push(rows);
    rows += part.rows;
  }
  const wanted = [...numbers];
  let at = 0;
  const chosen = wanted.map((number) => parts[number]!);
  for await (const examples of eachPart(store, chosen, columns))
    yield { start: starts[wanted[at++]!]!, examples };
}
