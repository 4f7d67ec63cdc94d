import * as tf from "@tensorflow/tfjs-core";
import { tellProducts } from "./kernels/products.ts";

/** Bytes of the tensors that are there, those that share their numbers counted once. */
export interface LiveBytes {
  /** Since counting began. */
  readonly now: () => number;
  /** Of them what is packed for products, beside the tensors. */
  readonly packed: () => number;
  /** The most that there were since this was asked last. */
  readonly takePeak: () => number;
  readonly stop: () => void;
}

/** What TensorFlow.js (4.22) knows of its buffers; its own count adds up tensors. */
interface BufferTable {
  get(id: object): { readonly bytes: number } | undefined;
  has(id: object): boolean;
  set(id: object, info: { readonly bytes: number }): unknown;
  delete(id: object): boolean;
}

/** Counts from now on, with the copies that the WASM backend packs for products. */
export function countLiveBytes(): LiveBytes {
  const { state } = tf.engine() as unknown as { state: { tensorInfo: BufferTable } };
  const inner = state.tensorInfo;
  const sizes = new Map<object, number>();
  const copies = new Map<object, number>();
  let [live, packed, peak] = [0, 0, 0];
  const add = (bytes: number) => {
    live += bytes;
    peak = Math.max(peak, live);
  };
  state.tensorInfo = {
    get: (id) => inner.get(id),
    has: (id) => inner.has(id),
    set(id, info) {
      inner.set(id, info);
      sizes.set(id, info.bytes);
      add(info.bytes);
    },
    delete(id) {
      const copy = copies.get(id) ?? 0;
      packed -= copy;
      add(-(sizes.get(id) ?? 0) - copy);
      sizes.delete(id);
      copies.delete(id);
      return inner.delete(id);
    },
  };
  /** Bytes that go after the product. */
  const pack = (operand: tf.TensorInfo): number => {
    const { dataId, shape } = operand;
    const bytes = shape.reduce((a, b) => a * b, Float32Array.BYTES_PER_ELEMENT);
    if (!sizes.has(dataId)) return bytes;
    if (!copies.has(dataId)) {
      copies.set(dataId, bytes);
      packed += bytes;
      add(bytes);
    }
    return 0;
  };
  tellProducts((operand, passingBytes) => {
    const passing = passingBytes + (operand === null ? 0 : pack(operand));
    peak = Math.max(peak, live + passing);
  });
  return {
    now: () => live,
    packed: () => packed,
    takePeak() {
      const most = peak;
      peak = live;
      return most;
    },
    stop() {
      tellProducts(null);
      state.tensorInfo = inner;
    },
  };
}
