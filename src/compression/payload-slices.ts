import { isMerged } from "../math/slices/slices.ts";
import { type ByteReader, type ByteWriter, refusePayload } from "./bits.ts";
import type { PayloadSlices } from "./payload-model.ts";

/** Rows of the matrix, whether they are merged, how many ids, the ids, and their rows. */
export function writeSlices(writer: ByteWriter, { merged, slices }: PayloadSlices): void {
  writer.whole(slices.rows);
  writer.byte(merged ? 1 : 0);
  writer.whole(slices.ids.length);
  writer.integers(slices.ids);
  writer.floats(slices.values);
}

/** Refuses ids that the matrix does not have, and merged ones that do not ascend. */
export function readSlices(reader: ByteReader, length: number): PayloadSlices {
  const rows = reader.whole();
  if (rows === 0 || length % rows !== 0)
    refusePayload(`${length} entries do not make ${rows} rows`);
  const columns = length / rows;
  const flag = reader.byte();
  if (flag > 1) refusePayload(`${flag} says nothing about merging`);
  const count = reader.whole();
  if (flag === 1 && count > rows) refusePayload(`${count} of ${rows} rows`);
  const ids = reader.integers(count);
  for (const id of ids) if (id >= rows) refusePayload(`row ${id} of ${rows}`);
  if (flag === 1 && !isMerged({ ids })) refusePayload("its rows do not ascend");
  const values = reader.floats(count * columns);
  return { kind: "slices", merged: flag === 1, slices: { rows, columns, ids, values } };
}
