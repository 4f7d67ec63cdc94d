import { type Packed, pack, packedRows, type Storage, unpack } from "../../math/packing.ts";
import type { DenseRows } from "../../math/rows.ts";
import type { Tensor } from "../../wire/safetensors.ts";
import type { StoredIn } from "../manifests.ts";

/** Packs the features of stored rows, and keeps account of how far off that is. */
export class Packing {
  private readonly storage: StoredIn["type"];
  private squares = 0;
  private squaredErrors = 0;

  private constructor(storage: StoredIn["type"]) {
    this.storage = storage;
  }

  /** Null where features are stored as they are. */
  static of(storage: Storage): Packing | null {
    return storage === "float32" ? null : new Packing(storage);
  }

  /** The tensors that stand for some rows. */
  tensors(values: Float32Array, rows: number, columns: number): Record<string, Tensor> {
    const packed = pack(this.storage, values, columns);
    this.account(values, packed, columns);
    const shape = [rows, columns];
    if (packed.scales === undefined)
      return { values: { shape, data: packed.values, dtype: "BF16" } };
    return {
      values: { shape, data: packed.values },
      scales: { shape: [rows], data: packed.scales },
    };
  }

  /** What the manifest says of all rows that were packed. */
  summary(): StoredIn {
    const relativeError = this.squares === 0 ? 0 : Math.sqrt(this.squaredErrors / this.squares);
    return { type: this.storage, relativeError };
  }

  private account(values: Float32Array, packed: Packed, columns: number): void {
    const stored = unpack(packed, columns);
    for (let at = 0; at < values.length; at++) {
      const off = stored[at]! - values[at]!;
      this.squaredErrors += off * off;
      this.squares += values[at]! * values[at]!;
    }
  }
}

/** Dense rows of a stored part, packed or not; why they are none, as text. */
export function storedRowsOf(
  { values, scales }: Readonly<Record<string, Tensor>>,
  rows: number,
  columns: number,
): DenseRows | string {
  if (values === undefined) return "it does not hold the rows it should";
  const { shape, data, dtype } = values;
  if (shape.length !== 2 || shape[0] !== rows || shape[1] !== columns)
    return `values of shape [${shape}], expected [${rows},${columns}]`;
  if (data instanceof Float32Array) return { kind: "dense", rows, columns, values: data };
  if (data instanceof Uint16Array && dtype === "BF16")
    return packedRows(rows, columns, { values: data });
  if (!(data instanceof Int8Array)) return "its values are neither F32 nor BF16 nor I8";
  if (!(scales?.data instanceof Float32Array) || scales.data.length !== rows)
    return "its values are I8 without a scale for each row";
  return packedRows(rows, columns, { values: data, scales: scales.data });
}
