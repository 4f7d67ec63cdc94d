import { atSlot, type SlotMap } from "../core/slot-map.ts";
import { type DoublePart, matrixShape } from "../math/slices/gradient-part.ts";
import { matrixBytes, sliceBytes } from "../math/slices/slices.ts";
import type { TensorSpec } from "../math/vector.ts";
import type { TableTraffic } from "../ports/events.ts";
import type { WorkerReply } from "../tasks/protocol.ts";

/**
 * What became of each table's gradient in one round: by the rows that workers reported, and the
 * distinct ones of the sum. Empty where no reply told of tables.
 */
export function tableTraffic(
  replies: SlotMap<WorkerReply>,
  slots: readonly number[],
  tensors: readonly TensorSpec[],
  sum: readonly DoublePart[],
  moves?: TableTraffic["moves"],
): TableTraffic[] {
  const facts = slots.map((slot) => atSlot(replies, slot)?.tables ?? []);
  const [first = []] = facts;
  return first.flatMap(({ tensor }): TableTraffic[] => {
    const { name } = tensors[tensor]!;
    const shape = matrixShape(tensors[tensor]!);
    if (shape === null) return [];
    const own = facts.flatMap((all) => all.filter((one) => one.tensor === tensor));
    const denseBytes = matrixBytes(shape);
    const bytes = own.map(({ rows, dense }) =>
      dense === undefined ? sliceBytes(rows, shape.columns) : denseBytes,
    );
    const part = sum[tensor];
    const distinct = part?.kind === "slices" ? part.slices.ids.length : shape.rows;
    const why = own.find(({ dense }) => dense !== undefined)?.dense;
    return [
      {
        tensor: name,
        rows: shape.rows,
        distinctRows: distinct,
        slicesBytes: own.reduce((total, { rows }) => total + sliceBytes(rows, shape.columns), 0),
        denseBytes: own.length * denseBytes,
        sentBytes: bytes.reduce((total, one) => total + one, 0),
        ...(why === undefined ? {} : { dense: why }),
        ...(moves === undefined ? {} : { moves }),
      },
    ];
  });
}
