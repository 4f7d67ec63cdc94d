import { assert, RunError } from "../../core/errors.ts";
import { binary, tensors, unshared } from "./binary.ts";
import type { RowKernels, TensorKernels } from "./row-kernels.ts";

/** The compiled kernels over one memory. Addresses are bytes within it. */
export interface Instance {
  readonly memory: SharedArrayBuffer;
  /** The same, as other threads are handed it. */
  readonly wasmMemory: object;
  readonly kernels: Kernels;
  /** Shared memory is not counted by the garbage collector: this, as large, never touched, is. */
  readonly ballast: ArrayBuffer;
}

/** What `wasm/main.as` exports. */
export interface Kernels {
  /** Works on one stripe of a task's rows, in `lanes` and `scratch` of its own. */
  stripe(task: number, index: number, lanes: number, scratch: number): void;
  /** Transforms a block of doubles; `slab` has 64 bytes for each of its rows. */
  hadamard(values: number, size: number, columns: number, slab: number): void;
  /** Indices of the greatest; `candidates` has room for as many as values, `counts` 8 KiB. */
  selectLargest(
    values: number,
    length: number,
    count: number,
    out: number,
    candidates: number,
    counts: number,
  ): void;
  greatest(values: number, length: number): number;
  /** Sums of logistic losses at each of `pairs` pairs of steps: see `wasm/softplus.as`. */
  lossesAlong(
    margins: number,
    changes: number,
    targets: number,
    rows: number,
    steps: number,
    pairs: number,
    sums: number,
  ): void;
  /** `sum` and the losses at margins, added in the rows' order. */
  lossesAt(margins: number, targets: number, rows: number, sum: number): number;
  /** The same; writes slopes beside, two rows at a time. */
  lossesAndSlopesAt(
    margins: number,
    targets: number,
    slopes: number,
    rows: number,
    sum: number,
  ): number;
  packLevels(
    values: number,
    length: number,
    inverse: number,
    bits: number,
    dither: number,
    out: number,
  ): void;
  unpackLevels(packed: number, length: number, unit: number, bits: number, out: number): void;
  /** Lines of LIBSVM text as sparse rows, up to the first that is not plain. */
  sparseRows(
    at: number,
    end: number,
    firstIndex: number,
    featuresMax: number,
    values: number,
    indices: number,
    rows: number,
    entry: number,
    state: number,
  ): number;
  /** Rows of text as doubles, up to the first that is not plain: see `wasm/table-text.as`. */
  tableRows(
    at: number,
    end: number,
    columns: number,
    delimiter: number,
    reads: number,
    out: number,
    rowsMax: number,
    state: number,
  ): number;
}

/** What adds rows to sums, over a memory of its own that other threads do not see. */
export interface RowsInstance {
  readonly memory: ArrayBuffer;
  readonly kernels: RowKernels;
}

/** Below this address are the module's own tables. */
export const firstFree = 16_384;
/** Where tables would begin (`scripts/build-kernels.ts`): a module that ends here has none. */
const emptyTables = 1_024;
/** Of any memory: addresses have 32 bits. */
export const memoryBytesMax = 2 ** 32;
const pageBytes = 65_536;

/** A memory of its own for `bytes` bytes, zeroed, with the kernels over it; it never grows. */
export function instantiate(bytes: number): Instance {
  const wasmMemory = allocate<SharedArrayBuffer>(bytes, true);
  const kernels = kernelsOver<Kernels>(compiled(), wasmMemory);
  const { buffer: memory } = wasmMemory;
  return { memory, wasmMemory, kernels, ballast: new ArrayBuffer(memory.byteLength) };
}

/** The same for what works on rows. */
export function instantiateRows(bytes: number): RowsInstance {
  const memory = allocate<ArrayBuffer>(bytes, false);
  return { memory: memory.buffer, kernels: rowKernelsOver(memory) };
}

/** The same for what works on tensors. */
export function instantiateTensors(bytes: number): {
  readonly memory: ArrayBuffer;
  readonly kernels: TensorKernels;
} {
  const memory = allocate<ArrayBuffer>(bytes, false);
  return { memory: memory.buffer, kernels: tensorKernelsOver(memory) };
}

/**
 * What works on rows, in a memory that somebody else has: where no memory is told, it reads and
 * writes nothing.
 */
export function rowKernelsOver(memory: object): RowKernels {
  knownRows ??= compiledFrom(unshared);
  return kernelsOver<RowKernels>(knownRows, memory, emptyTables);
}

/** The same of what works on tensors. */
export function tensorKernelsOver(memory: object): TensorKernels {
  knownTensors ??= compiledFrom(tensors);
  return kernelsOver<TensorKernels>(knownTensors, memory, emptyTables);
}

function kernelsOver<Own>(module: object, memory: object, tablesMax = firstFree): Own {
  const { exports } = new WebAssembly.Instance(module, { env: { memory } });
  const { tablesEnd, ...kernels } = exports as { tablesEnd: { readonly value: number } };
  assert(tablesEnd.value <= tablesMax, "the tables fit below everything else");
  return kernels as Own;
}

function allocate<Buffer>(bytes: number, shared: boolean): { readonly buffer: Buffer } {
  assert(bytes <= memoryBytesMax, "a memory of 32-bit addresses");
  const pages = Math.ceil(bytes / pageBytes);
  try {
    const limits = { initial: pages, maximum: pages, shared };
    return new WebAssembly.Memory(limits) as { readonly buffer: Buffer };
  } catch (cause) {
    throw new RunError("no-memory", `no ${(pages * pageBytes) / 2 ** 20} MiB for a shard`, {
      hint: "give the worker more memory, or spread the rows over more workers",
      cause,
    });
  }
}

let known: object | undefined;
let knownRows: object | undefined;
let knownTensors: object | undefined;

/** Compiled when first needed, once a thread. */
export function compiled(): object {
  known ??= compiledFrom(binary);
  return known;
}

function compiledFrom(text: string): object {
  try {
    return new WebAssembly.Module(Buffer.from(text, "base64"));
  } catch (cause) {
    throw new RunError("no-simd", "this JavaScript engine cannot run the kernels", {
      hint: "they need WebAssembly with SIMD and threads: use Node.js 22.18 or later",
      cause,
    });
  }
}

/** The part of the engine's interface that is used here; no library of types for Node has it. */
declare const WebAssembly: {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object, imports: object) => { readonly exports: object };
  readonly Memory: new (options: {
    readonly initial: number;
    readonly maximum: number;
    readonly shared: boolean;
  }) => { readonly buffer: unknown };
};

/** As many as have lanes of their own in a matrix's memory. */
export const threadsMax = 8;
