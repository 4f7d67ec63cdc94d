import {
  backend as currentBackend,
  getBackend,
  getKernel,
  type NamedAttrMap,
  type TensorInfo,
} from "@tensorflow/tfjs-core";
import { assert } from "../../core/errors.ts";

/** What a kernel of ours needs of the backend it runs on: tensors as plain arrays. */
export interface KernelBackend {
  readonly name: "wasm" | "cpu";
  /** A tensor of zeros to be filled. Making one may move what `read` gave before. */
  make(shape: readonly number[]): TensorInfo;
  /** The tensor's own numbers, not a copy. */
  read(tensor: TensorInfo): Float32Array;
  readIntegers(tensor: TensorInfo): Int32Array;
  /** The result of one of the backend's own kernels. */
  run(kernel: string, inputs: Readonly<Record<string, TensorInfo>>, attrs?: object): TensorInfo;
  free(tensor: TensorInfo): void;
}

/** Of both backends, the parts that they share no type for. */
interface WasmBackend {
  makeOutput(shape: number[], dtype: "float32"): TensorInfo;
  typedArrayFromHeap(tensor: TensorInfo): Float32Array | Int32Array;
}

interface PlainBackend {
  makeTensorInfo(shape: number[], dtype: "float32", values: Float32Array): TensorInfo;
  readonly data: { get(id: object): { readonly values: Float32Array | Int32Array } };
}

export function kernelBackendOf(name: KernelBackend["name"], backend: unknown): KernelBackend {
  const own = backend as { disposeData(id: object): boolean };
  const arrays =
    name === "wasm" ? wasmArrays(backend as WasmBackend) : plainArrays(backend as PlainBackend);
  return {
    name,
    ...arrays,
    run(kernelName, inputs, attrs = {}) {
      const kernel = getKernel(kernelName, name);
      assert(kernel !== undefined, `the backend ${name} has the kernel ${kernelName}`);
      const args = { inputs, backend: backend as object, attrs: attrs as NamedAttrMap };
      const outputs = kernel.kernelFunc(args);
      return outputs as TensorInfo;
    },
    free: (tensor) => void own.disposeData(tensor.dataId),
  };
}

/**
 * Where the numbers of a table stand, to write some of its rows; null where that is not to be done.
 * Only of what rows are looked up in: products keep matrices in a form of their own, and would not
 * see it. On other backends tensors share arrays with others.
 */
export function rowsInPlace(table: TensorInfo): Float32Array | null {
  if (getBackend() !== "wasm") return null;
  return wasmArrays(currentBackend() as unknown as WasmBackend).read(table);
}

/** Numbers that a tensor may be made of: WASM takes them in, others keep the array itself. */
export function ownNumbers(values: Float32Array): Float32Array {
  return getBackend() === "wasm" ? values : values.slice();
}

type Arrays = Pick<KernelBackend, "make" | "read" | "readIntegers">;

function wasmArrays(backend: WasmBackend): Arrays {
  return {
    make(shape) {
      const output = backend.makeOutput([...shape], "float32");
      backend.typedArrayFromHeap(output).fill(0);
      return output;
    },
    read: (tensor) => backend.typedArrayFromHeap(tensor) as Float32Array,
    readIntegers: (tensor) => backend.typedArrayFromHeap(tensor) as Int32Array,
  };
}

function plainArrays(backend: PlainBackend): Arrays {
  return {
    make(shape) {
      const size = shape.reduce((a, b) => a * b, 1);
      return backend.makeTensorInfo([...shape], "float32", new Float32Array(size));
    },
    read: (tensor) => backend.data.get(tensor.dataId).values as Float32Array,
    readIntegers: (tensor) => backend.data.get(tensor.dataId).values as Int32Array,
  };
}
