import { daysOf } from "./dates.ts";
import type { FlatTable } from "./flat-buffer.ts";
import { itemTypeOf } from "./npy-items.ts";
import type { FoundColumn } from "./table.ts";

/** What a cell is in its buffers; the first one says which cells there are. */
export type CellAt = (row: number) => unknown;

/** A column as its schema tells of it. */
export interface ArrowField {
  readonly name: string;
  readonly found: FoundColumn;
  /** How many buffers it has in a batch, its children's not counted; more where it has views. */
  readonly buffers: number;
  readonly hasViews: boolean;
  readonly children: readonly ArrowField[];
  /** Of values that stand once: which dictionary has them, their numbers, and what they are. */
  readonly dictionary: ArrowDictionary | null;
  /** Null where cells are not read. */
  readonly cells: Cells | null;
}

interface ArrowDictionary {
  readonly id: number;
  readonly index: Cells;
  readonly values: ArrowField;
}

/** Reads cells from the buffers of a batch. Throws `Error` where the buffers are too short. */
export type Cells = (buffers: readonly Uint8Array[], rows: number) => CellAt;

interface Kind {
  readonly found: Omit<FoundColumn, "name">;
  readonly buffers: number;
  readonly cells: Cells | null;
}

/** Numbers of Arrow's types, as its schema has them. */
const types = {
  ...{ null: 1, int: 2, float: 3, binary: 4, utf8: 5, bool: 6, decimal: 7, date: 8, time: 9 },
  ...{ timestamp: 10, interval: 11, list: 12, struct: 13, union: 14, fixedBinary: 15 },
  ...{ fixedList: 16, map: 17, duration: 18, largeBinary: 19, largeUtf8: 20, largeList: 21 },
  ...{ runs: 22, binaryView: 23, utf8View: 24, listView: 25, largeListView: 26 },
};
/** Buffers of what is passed over, where they are not two. */
const otherBuffers = new Map([
  ...([types.fixedList, types.struct] as const).map((type) => [type, 1] as const),
  ...([types.binary, types.largeBinary, types.listView, types.largeListView] as const).map(
    (type) => [type, 3] as const,
  ),
  [types.runs, 0],
]);

/** What a field of a schema is. */
export function arrowField(table: FlatTable): ArrowField {
  const name = table.text(0);
  const encoding = table.table(4);
  const type = table.byte(2);
  const kind = kindOf(type, table.table(3));
  const values: ArrowField = {
    name,
    found: { name, ...kind.found },
    buffers: kind.buffers,
    hasViews: type === types.utf8View || type === types.binaryView,
    children: table.tables(5).map(arrowField),
    dictionary: null,
    cells: kind.cells,
  };
  if (encoding === null) return values;
  const dictionary = { id: encoding.long(0), index: intCells(encoding.table(1)), values };
  return { ...values, buffers: 2, hasViews: false, children: [], dictionary };
}

function kindOf(type: number, about: FlatTable | null): Kind {
  const number = { kind: "number" } as const;
  const two = { buffers: 2 } as const;
  switch (type) {
    case types.null:
      return { found: { kind: "text" }, buffers: 0, cells: () => () => null };
    case types.bool:
      return { found: { ...number, truth: true }, ...two, cells: truthCells };
    case types.int:
      return { found: number, ...two, cells: intCells(about) };
    case types.float: {
      const bytes = [2, 4, 8][about?.short(0) ?? 0] ?? 0;
      return { found: number, ...two, cells: itemCells(`<f${bytes}`) };
    }
    case types.decimal:
      return { found: number, ...two, cells: decimalCells(about?.int(2, 128), about?.int(1)) };
    case types.date:
    case types.timestamp:
      return { found: { kind: "text", date: true }, ...two, cells: pointCells(type, about) };
    case types.utf8:
    case types.largeUtf8:
      return { found: { kind: "text" }, buffers: 3, cells: textCells(type === types.utf8 ? 4 : 8) };
    case types.utf8View:
      return { found: { kind: "text" }, ...two, cells: viewCells };
    default:
      return opaqueKind(type, about);
  }
}

function opaqueKind(type: number, about: FlatTable | null): Kind {
  const spans: readonly number[] = [types.duration, types.interval];
  const bytes: readonly number[] = [
    ...[types.binary, types.largeBinary, types.binaryView, types.fixedBinary],
  ];
  const opaque =
    type === types.time
      ? "times of day"
      : spans.includes(type)
        ? "spans of time"
        : bytes.includes(type)
          ? "bytes"
          : "lists or mappings";
  const isDense = type === types.union && about?.short(0) === 1;
  const own = type === types.union ? (isDense ? 2 : 1) : (otherBuffers.get(type) ?? 2);
  return { found: { kind: "text", opaque }, buffers: own, cells: null };
}

function viewOf(bytes: Uint8Array, needed: number): DataView {
  if (needed > bytes.length) throw new Error(`a buffer of ${bytes.length} bytes, not ${needed}`);
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
}

/** A bit a row; no bits at all where every cell is there. */
function bitAt(bytes: Uint8Array, rows: number): (row: number) => boolean {
  viewOf(bytes, Math.ceil(rows / 8));
  return (row) => ((bytes[row >> 3]! >> (row & 7)) & 1) === 1;
}

/** The cells that are there, by `cell`; null for the others. */
function presentCells(buffers: readonly Uint8Array[], rows: number, cell: CellAt): CellAt {
  const [validity] = buffers;
  if (validity === undefined || validity.length === 0) return cell;
  const isThere = bitAt(validity, rows);
  return (row) => (isThere(row) ? cell(row) : null);
}

const truthCells: Cells = (buffers, rows) => presentCells(buffers, rows, bitAt(buffers[1]!, rows));

function intCells(about: FlatTable | null): Cells {
  const bytes = (about?.int(0, 32) ?? 32) / 8;
  const isSigned = about === null || about.byte(1) === 1;
  return bytes === 8 ? longCells(isSigned) : itemCells(`<${isSigned ? "i" : "u"}${bytes}`);
}

/** Whole numbers of eight bytes; those that a double does not tell apart stay whole. */
function longCells(isSigned: boolean): Cells {
  const { readLong } = itemTypeOf(isSigned ? "<i8" : "<u8")!;
  return (buffers, rows) => {
    const view = viewOf(buffers[1]!, rows * 8);
    return presentCells(buffers, rows, (row) => readLong!(view, row * 8));
  };
}

/** Numbers of a type that NumPy names as well. */
function itemCells(descr: string): Cells {
  return (buffers, rows) => {
    const item = itemTypeOf(descr);
    if (item === undefined) throw new Error(`numbers of type ${descr}`);
    const view = viewOf(buffers[1]!, rows * item.bytes);
    return presentCells(buffers, rows, (row) => item.read(view, row * item.bytes));
  };
}

/** Whole numbers of many bytes, the lowest first, in so many decimals. */
function decimalCells(bits = 128, scale = 0): Cells {
  return (buffers, rows) => {
    const view = viewOf(buffers[1]!, (rows * bits) / 8);
    const words = bits / 32;
    return presentCells(buffers, rows, (row) => {
      let whole = 0n;
      for (let i = words - 1; i >= 0; i--)
        whole = whole * 0x1_0000_0000n + BigInt(view.getUint32(4 * (row * words + i), true));
      return Number(`${BigInt.asIntN(bits, whole)}e${-scale}`);
    });
  };
}

/** Days, or units of time, since 1970-01-01 as points in time, of whole milliseconds. */
function pointCells(type: number, about: FlatTable | null): Cells {
  const isDays = type === types.date && about?.short(0, 1) === 0;
  const perMs = type === types.date ? 1 : ([0.001, 1, 1e3, 1e6][about?.short(0) ?? 0] ?? 1);
  return (buffers, rows) => {
    const view = viewOf(buffers[1]!, rows * (isDays ? 4 : 8));
    const at = isDays
      ? (row: number) => new Date(view.getInt32(row * 4, true) / daysOf(1))
      : (row: number) => new Date(msOf(view.getBigInt64(row * 8, true), perMs));
    return presentCells(buffers, rows, at);
  };
}

function msOf(units: bigint, perMs: number): number {
  if (perMs <= 1) return Number(units) / perMs;
  const whole = BigInt(perMs);
  const below = units < 0n && units % whole !== 0n ? 1n : 0n;
  return Number(units / whole - below);
}

function textCells(offsetBytes: 4 | 8): Cells {
  return (buffers, rows) => {
    const offsets = viewOf(buffers[1]!, (rows + 1) * offsetBytes);
    const bytes = Buffer.from(buffers[2]!.buffer, buffers[2]!.byteOffset, buffers[2]!.length);
    const offset = (row: number) =>
      offsetBytes === 4
        ? offsets.getInt32(row * 4, true)
        : Number(offsets.getBigInt64(row * 8, true));
    return presentCells(buffers, rows, (row) => textIn(bytes, offset(row), offset(row + 1)));
  };
}

/** Texts of at most 12 bytes stand in their view, longer ones in one of the buffers behind. */
const viewCells: Cells = (buffers, rows) => {
  const views = viewOf(buffers[1]!, rows * 16);
  const bytes = buffers.map((one) => Buffer.from(one.buffer, one.byteOffset, one.length));
  return presentCells(buffers, rows, (row) => {
    const length = views.getInt32(row * 16, true);
    if (length <= 12) return textIn(bytes[1]!, row * 16 + 4, row * 16 + 4 + length);
    const from = views.getInt32(row * 16 + 12, true);
    const behind = bytes[2 + views.getInt32(row * 16 + 8, true)];
    if (behind === undefined) throw new Error("a text in a buffer that is not there");
    return textIn(behind, from, from + length);
  });
};

function textIn(bytes: Buffer, from: number, to: number): string {
  if (!(from >= 0 && to >= from && to <= bytes.length)) throw new Error("a text out of its buffer");
  return bytes.toString("utf8", from, to);
}
