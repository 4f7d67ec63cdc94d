import { RunError } from "../../core/errors.ts";
import { inQuotes } from "../../core/text.ts";
import type { Source } from "../sources/source.ts";
import { numberCell } from "./cell.ts";
import { type ItemType, itemTypeOf } from "./npy-items.ts";
import {
  type Column,
  type DenseWindow,
  type FoundColumn,
  type Layout,
  rowCapacity,
  type Table,
} from "./table.ts";
import { typedCell } from "./typed-cell.ts";

const headerBytesMax = 1024 * 1024;
const magic = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59];

/** An array in a file. */
interface Npy {
  readonly source: Source;
  readonly rows: number;
  readonly columns: number;
  readonly columnMajor: boolean;
  readonly dataStart: number;
  readonly itemBytes: number;
  readonly item: ItemType;
  /** The shape of a row: more than one number where rows are arrays, which are laid flat. */
  readonly inner: readonly number[];
  readonly truth?: true;
}

/**
 * A NumPy array (format 1 to 3) as a table of `column0`, `column1`, ...; with a second array the
 * last column, `target`, comes from there.
 */
export async function openNpy(
  source: Source,
  targets: Source | null,
  missingValues: readonly string[],
  layout: Layout,
): Promise<Table<DenseWindow>> {
  const arrays = [await npyOf(source)];
  if (targets !== null) arrays.push(await targetsOf(targets, arrays[0]!));
  const names = Array.from({ length: arrays[0]!.columns }, (_, i) => `column${i}`);
  if (targets !== null) names.push("target");
  const fileColumns = names.map((name, i): FoundColumn => {
    const { truth } = i < arrays[0]!.columns ? arrays[0]! : arrays[1]!;
    return { name, kind: "number", ...(truth === true ? { truth } : {}) };
  });
  const columns = layout(fileColumns);
  return { columns, windows: () => windows(arrays, columns, new Set(missingValues)) };
}

async function* windows(
  arrays: readonly Npy[],
  columns: readonly Column[],
  missing: ReadonlySet<string>,
): AsyncGenerator<DenseWindow> {
  const { rows } = arrays[0]!;
  const places = arrays.flatMap((npy) =>
    Array.from({ length: npy.columns }, (_, column) => ({ npy, column })),
  );
  const read = places
    .map((place, i) => ({ ...place, plan: columns[i]! }))
    .filter(({ plan }) => plan.kind !== "skip");
  const width = read.length;
  const capacity = Math.min(rows, rowCapacity(places.length));
  const cells = new Float64Array(capacity * width);
  for (let from = 0; from < rows; from += capacity) {
    const to = Math.min(rows, from + capacity);
    for (const npy of arrays) {
      const blocks = new Map<number, DataView>();
      for (const [out, { npy: owner, column, plan }] of read.entries()) {
        if (owner !== npy) continue;
        // Row-major rows are read once for all columns, column-major ones column by column.
        const block = npy.columnMajor ? column : 0;
        const view = blocks.get(block) ?? (await blockOf(npy, block, from, to));
        if (npy.columnMajor) blocks.clear();
        blocks.set(block, view);
        const at = npy.columnMajor ? 0 : column * npy.itemBytes;
        const step = npy.itemBytes * (npy.columnMajor ? 1 : npy.columns);
        fill(npy, view, { at, step, plan, missing, firstRow: from }, cells, out, width);
      }
    }
    yield { kind: "dense", rows: to - from, width, cells };
  }
}

interface Walk {
  readonly at: number;
  readonly step: number;
  readonly plan: Column;
  readonly missing: ReadonlySet<string>;
  readonly firstRow: number;
}

function fill(
  { item, source }: Npy,
  view: DataView,
  { at, step, plan, missing, firstRow }: Walk,
  cells: Float64Array,
  out: number,
  width: number,
): void {
  const rows = Math.floor((view.byteLength - at - 1) / step) + 1;
  let row = 0;
  const place = () => `${source.name}: row ${firstRow + row}, column ${inQuotes(plan.name)}`;
  const { read, readLong } = item;
  if (plan.kind === "text" && readLong !== undefined) {
    // Words, such as keys, keep all of their digits.
    for (; row < rows; row++)
      cells[row * width + out] = typedCell(plan, readLong(view, at + row * step), missing, place);
    return;
  }
  for (; row < rows; row++)
    cells[row * width + out] = numberCell(plan, read(view, at + row * step), missing, place);
}

async function blockOf(npy: Npy, column: number, from: number, to: number): Promise<DataView> {
  const { columnMajor, columns, rows, itemBytes, dataStart, source } = npy;
  const place = columnMajor ? columnMajorPlace(npy.inner, column) : 0;
  const start = columnMajor ? place * rows + from : from * columns;
  const end = columnMajor ? place * rows + to : to * columns;
  const bytes = await source.range(dataStart + start * itemBytes, dataStart + end * itemBytes);
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** Where a row's number stands among its numbers when the first index runs fastest. */
function columnMajorPlace(inner: readonly number[], column: number): number {
  let [place, rest, step] = [0, column, inner.reduce((product, size) => product * size, 1)];
  for (const size of [...inner].reverse()) {
    step /= size;
    place += (rest % size) * step;
    rest = Math.floor(rest / size);
  }
  return place;
}

interface NpyHeader {
  readonly descr: string;
  readonly columnMajor: boolean;
  readonly shape: readonly number[];
  readonly dataStart: number;
}

/** The shape of an array in a file. Throws `RunError` where there is none. */
export async function npyShape(source: Source): Promise<readonly number[]> {
  return (await headerOf(source)).shape;
}

async function headerOf(source: Source): Promise<NpyHeader> {
  const refuse = (what: string) => badNpy(source, what);
  const start = await source.range(0, Math.min(12, source.sizeBytes));
  if (start.length < 10 || magic.some((byte, i) => start[i] !== byte))
    throw refuse("not a NumPy array: it does not begin with \\x93NUMPY");
  const version = start[6]!;
  if (version < 1 || version > 3) throw refuse(`format version ${version}, expected 1 to 3`);
  const view = new DataView(start.buffer, start.byteOffset, start.byteLength);
  const before = version === 1 ? 10 : 12;
  if (start.length < before) throw refuse("it ends within its header");
  const headerBytes = version === 1 ? view.getUint16(8, true) : view.getUint32(8, true);
  const dataStart = before + headerBytes;
  if (headerBytes > headerBytesMax || dataStart > source.sizeBytes)
    throw refuse(`a header of ${headerBytes} bytes does not fit in ${source.sizeBytes}`);
  const header = new TextDecoder("latin1").decode(await source.range(before, dataStart));
  if (/'descr':\s*\[/.test(header))
    throw badNpy(
      source,
      "its rows are records of several fields",
      "write them as a table: pandas.DataFrame(array).to_parquet(NAME)",
    );
  const descr = /'descr':\s*'([^']*)'/.exec(header)?.[1];
  const order = /'fortran_order':\s*(True|False)/.exec(header)?.[1];
  const shape = /'shape':\s*\(([\d\s,]*)\)/.exec(header)?.[1]?.match(/\d+/g) ?? undefined;
  if (descr === undefined || order === undefined || shape === undefined)
    throw refuse("its header does not say descr, fortran_order and shape");
  return { descr, columnMajor: order === "True", shape: shape.map(Number), dataStart };
}

function badNpy(source: Source, what: string, hint = "write it again with numpy.save"): RunError {
  return new RunError("bad-npy", `${source.name}: ${what}`, { hint });
}

/** Of an array of items that are no numbers. */
function wayOutOf(descr: string): string {
  const table = "pandas.DataFrame(array).to_parquet(NAME)";
  if (/[OUSV]/.test(descr)) return `write columns of text as a table: ${table}`;
  if (/M8/.test(descr)) return `write dates as a table: ${table}`;
  if (/m8/.test(descr)) return "write spans of time as numbers: array / numpy.timedelta64(1, 's')";
  if (/c\d/.test(descr))
    return "write both parts as numbers: numpy.hstack([array.real, array.imag])";
  return "convert it, for example with array.astype('<f8')";
}

async function npyOf(source: Source): Promise<Npy> {
  const { descr, columnMajor, shape, dataStart } = await headerOf(source);
  const item = itemTypeOf(descr);
  if (item === undefined)
    throw badNpy(
      source,
      `type ${inQuotes(descr)}, expected numbers or truth values`,
      wayOutOf(descr),
    );
  const [rows = 0, ...inner] = shape;
  const columns = inner.reduce((product, size) => product * size, 1);
  if (columns < 1) throw badNpy(source, `shape (${shape.join(",")}), expected numbers in each row`);
  const bytes = rows * columns * item.bytes;
  if (!Number.isSafeInteger(bytes)) throw badNpy(source, `shape (${shape.join(",")}) is too large`);
  const held = source.sizeBytes - dataStart;
  if (held < bytes)
    throw new RunError(
      "truncated-npy",
      `${source.name}: it holds ${held} bytes of data, expected ${bytes} for (${shape.join(",")})`,
      { hint: "copy or download the file again" },
    );
  return {
    ...{ source, rows, columns, inner, dataStart },
    columnMajor: columnMajor && columns > 1,
    itemBytes: item.bytes,
    item,
    ...(item.truth === true ? { truth: true } : {}),
  };
}

async function targetsOf(source: Source, features: Npy): Promise<Npy> {
  const targets = await npyOf(source);
  if (targets.columns === 1 && targets.rows === features.rows) return targets;
  throw new RunError(
    "bad-npy",
    `${source.name}: (${targets.rows}, ${targets.columns}), ` +
      `expected (${features.rows},) as ${features.source.name} has ${features.rows} rows`,
    { hint: "give one target for each row" },
  );
}
