import {
  backend as currentBackend,
  engine,
  getBackend,
  type Tensor,
  type TensorInfo,
} from "@tensorflow/tfjs-core";
import { rowKernelsOver, tensorKernelsOver } from "../../math/kernels/instance.ts";
import type { RowKernels, TensorKernels } from "../../math/kernels/row-kernels.ts";

/** kofn's kernels over the WASM backend's own memory, where its tensors are. */
export interface InPlace {
  readonly kernels: RowKernels & TensorKernels;
  /** A tensor of float32 to be written wholly: its numbers are whatever stood there. */
  reserve(shape: readonly number[]): TensorInfo;
  /** Where a tensor begins, in bytes; it stays there. */
  addressOf(tensor: TensorInfo): number;
  /** A tensor's numbers; until the next one is made. */
  floats(tensor: TensorInfo): Float32Array;
  integers(tensor: TensorInfo): Uint32Array;
  /** Two of its numbers are the room of a double, one that of four bytes. */
  doubles(tensor: TensorInfo): Float64Array;
  bytes(tensor: TensorInfo): Uint8Array;
  free(tensor: TensorInfo): void;
}

/** Of the backend (version 4.22.0), what is needed of it. */
interface WasmBackend {
  readonly wasm: {
    readonly HEAPU8: Uint8Array;
    /** What the module exports. */
    readonly asm: { readonly memory: object };
  };
  readonly dataIdMap: { get(id: object): { readonly memoryOffset: number } };
  makeOutput(shape: number[], dtype: "float32"): TensorInfo;
  disposeData(id: object): boolean;
}

const known = new WeakMap<object, InPlace>();

/** Of the backend that is computing; null where that is not WASM. */
export function currentInPlace(): InPlace | null {
  return getBackend() === "wasm" ? inPlaceOf(currentBackend()) : null;
}

/** What was reserved, as a tensor that is known to whoever tidies up. */
export function tensorOf({ dataId, shape, dtype }: TensorInfo): Tensor {
  return engine().makeTensorFromDataId(dataId, shape, dtype);
}

export function inPlaceOf(backend: object): InPlace {
  const found = known.get(backend);
  if (found !== undefined) return found;
  const made = opened(backend as WasmBackend);
  known.set(backend, made);
  return made;
}

function opened(backend: WasmBackend): InPlace {
  const { memory } = backend.wasm.asm;
  const addressOf = ({ dataId }: TensorInfo) => backend.dataIdMap.get(dataId).memoryOffset;
  const lengthOf = ({ shape }: TensorInfo) => shape.reduce((a, b) => a * b, 1);
  return {
    kernels: { ...rowKernelsOver(memory), ...tensorKernelsOver(memory) },
    reserve: (shape) => backend.makeOutput([...shape], "float32"),
    addressOf,
    floats: (tensor) =>
      new Float32Array(backend.wasm.HEAPU8.buffer, addressOf(tensor), lengthOf(tensor)),
    integers: (tensor) =>
      new Uint32Array(backend.wasm.HEAPU8.buffer, addressOf(tensor), lengthOf(tensor)),
    doubles: (tensor) =>
      new Float64Array(backend.wasm.HEAPU8.buffer, addressOf(tensor), lengthOf(tensor) / 2),
    bytes: (tensor) =>
      new Uint8Array(backend.wasm.HEAPU8.buffer, addressOf(tensor), 4 * lengthOf(tensor)),
    free: ({ dataId }) => void backend.disposeData(dataId),
  };
}
