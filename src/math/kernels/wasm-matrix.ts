import type { Rows } from "../rows.ts";
import { firstFree, type Instance, instantiate, memoryBytesMax, threadsMax } from "./instance.ts";
import { kernelStorages, taskBytes } from "./task.ts";

/** Rows that live in a kernel's memory, with room for all that a pass over them needs. */
export interface WasmMatrix extends Instance {
  readonly storage: (typeof kernelStorages)[keyof typeof kernelStorages];
  readonly rows: number;
  readonly columns: number;
  readonly stripeRows: number;
  /** Of one thread. */
  readonly lanesBytes: number;
  readonly scratchBytes: number;
  readonly places: Places;
}

/** Where things are in the memory, in bytes. */
interface Places {
  readonly task: number;
  readonly scratch: number;
  readonly lanes: number;
  readonly weights: number;
  readonly sums: number;
  readonly losses: number;
  readonly targets: number;
  readonly counts: number;
  readonly margins: number;
  readonly scales: number;
  readonly offsets: number;
  readonly indices: number;
  readonly values: number;
}

/**
 * Below so many entries rows stay where they are and the plain products work on them: a memory for
 * each of many small shards would cost more than it saves. Sizes alone decide, so that a run takes
 * the same path, and gets the same bits, wherever it runs.
 */
export const residentEntriesMin = 2 ** 16;

/** What a float32 memory is looked up by; views of parts of it find it too. */
const homes = new WeakMap<ArrayBufferLike, WasmMatrix>();
/** Packed rows unpack their values when asked: they are looked up themselves, and first. */
export const packedWasmMatrices = new WeakMap<Rows, WasmMatrix>();

/** Looking rows up takes longer than multiplying a few of them: not before anything has a home. */
let hasHomes = false;

/** The home of some rows, where they have one. */
export function wasmMatrixOf(rows: Rows): WasmMatrix | undefined {
  if (!hasHomes) return undefined;
  return packedWasmMatrices.get(rows) ?? homes.get(rows.values.buffer);
}

/** Makes a home, or null where 32-bit addresses do not reach. */
export function placeInWasm(
  storage: WasmMatrix["storage"],
  rows: number,
  columns: number,
  entries: number,
): WasmMatrix | null {
  const stripeRows = stripeRowsFor(rows, columns, entries);
  const stripes = Math.ceil(rows / stripeRows);
  const sparse = storage === kernelStorages.sparse;
  const isBytes = storage === kernelStorages.int8;
  const lanesBytes = (laneBytes + (isBytes ? floatsBytes : 0)) * Math.ceil(columns / 8);
  const threads = Math.min(threadsMax, Math.max(1, stripes));
  let end = firstFree;
  const take = (bytes: number): number => {
    const at = end;
    end = Math.ceil((at + bytes) / alignmentBytes) * alignmentBytes;
    return at;
  };
  const places = {
    task: take(taskBytes),
    scratch: take(threads * scratchBytes),
    lanes: take(sparse ? 0 : threads * lanesBytes),
    weights: take(4 * columns),
    sums: take(8 * columns * stripes),
    losses: take(8 * stripes),
    targets: take(4 * rows),
    counts: take(4 * rows),
    margins: take(8 * rows),
    scales: take(isBytes ? 4 * rows : 0),
    offsets: take(sparse ? 4 * (rows + 1) : 0),
    indices: take(sparse ? 4 * entries : 0),
    values: 0,
  };
  // The first row's last eight columns may begin before the row does; what is there counts 0
  // times, but must be a number.
  places.values = Math.ceil((end + alignmentBytes) / pageBytes) * pageBytes;
  end = places.values + valueBytes(storage, rows, columns, entries);
  if (end > memoryBytesMax) return null;
  const instance = instantiate(end);
  const shape = { storage, rows, columns, stripeRows, lanesBytes, scratchBytes };
  const home = { ...instance, ...shape, places };
  homes.set(instance.memory, home);
  hasHomes = true;
  return home;
}

const alignmentBytes = 64;
/** Of the machine. Rows of as many bytes, or of a part of them, lie in one page each. */
const pageBytes = 4096;
const scratchBytes = 128;
/** For each eight columns: eight weights and eight sums in float32. */
const laneBytes = 64;
/** And for those of four rows of int8, unpacked. */
const floatsBytes = 128;
const stripesMax = 16;
const stripeEntriesMin = 2 ** 21;

/**
 * Rows are dealt in at most 16 stripes, whose sums are added in order: what threads share out.
 * Their number depends on the rows alone, so the sums do not depend on threads.
 */
function stripeRowsFor(rows: number, columns: number, entries: number): number {
  const worth = Math.floor(entries / Math.max(stripeEntriesMin, 8 * columns));
  const stripes = Math.max(1, Math.min(stripesMax, worth));
  return Math.max(1, Math.ceil(rows / stripes / 32)) * 32;
}

/** Packed rows are filled up to groups of four, and of eight columns. */
function valueBytes(
  storage: WasmMatrix["storage"],
  rows: number,
  columns: number,
  entries: number,
): number {
  if (storage === kernelStorages.float32 || storage === kernelStorages.sparse) return 4 * entries;
  const itemBytes = storage === kernelStorages.int8 ? 1 : 2;
  return itemBytes * 32 * Math.ceil(rows / 4) * Math.ceil(columns / 8);
}
