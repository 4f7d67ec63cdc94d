import { firstFree, type Instance, instantiate } from "./instance.ts";

/** Rows of the largest block that is transformed there: its slab just fills a cache. */
const slabRowsMax = 8192;
const slabBytes = 64 * slabRowsMax;

interface Workspace extends Instance {
  readonly values: number;
  readonly valuesLength: number;
}

/** The memories that workspaces were handed out from. */
const workspaces = new WeakMap<ArrayBufferLike, Workspace>();
let kept: Workspace | undefined;

/**
 * Room for `length` doubles in a kernel's memory, where transforms are quickest. It is the same
 * room every time: whoever is given it is done with it before anybody asks again.
 */
export function transformWorkspace(length: number): Float64Array {
  if (kept === undefined || kept.valuesLength < length) kept = workspace(length);
  return new Float64Array(kept.memory, kept.values, length);
}

/** `hadamardColumns` by a kernel, bit for bit; false where values are elsewhere or too many. */
export function hadamardResident(values: Float64Array, size: number, columns: number): boolean {
  const home = workspaces.get(values.buffer);
  if (home === undefined || size > slabRowsMax) return false;
  home.kernels.hadamard(values.byteOffset, size, columns, firstFree);
  return true;
}

function workspace(length: number): Workspace {
  const values = firstFree + slabBytes;
  const result = { ...instantiate(values + 8 * length), values, valuesLength: length };
  workspaces.set(result.memory, result);
  return result;
}
