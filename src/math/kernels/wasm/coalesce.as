import { addListed } from "./listed";
import { addRow } from "./slices";

/** In bytes: so many rows, four each, are added up while a sum stays in registers. */
const listBytes: usize = 32;

/**
 * Coalesces rows where they stand: a row whose id stands here once is not moved or even read, and
 * those that share an id are added up, in the order in which they stand, at `sums`, which has room
 * for half as many rows. Ids that there are go to `distinct`, ascending, and where the row of each
 * begins to `places`; how many they are comes back, or -1 where an id is of no row. `marks` has a
 * bit for every row, in words of 32; `ends`, eight bytes for every row, and `nexts`, four for every
 * id and eight more ids, are to tell which ids are the same.
 */
export function coalesceFloatRows(
  ids: usize,
  count: i32,
  rows: u32,
  values: usize,
  columns: i32,
  marks: usize,
  ends: usize,
  nexts: usize,
  distinct: usize,
  places: usize,
  sums: usize,
): i32 {
  const marksEnd = marks + (((usize(rows) + 31) >>> 5) << 2);
  memory.fill(marks, 0, marksEnd - marks);
  if (!chainIds(ids, count, rows, marks, ends, nexts)) return -1;
  const rowBytes = usize(columns) << 2;
  const list = nexts + (usize(count) << 2);
  const found = distinct;
  for (let id: u32 = 0; marks < marksEnd; marks += 4) {
    for (let bits = load<u32>(marks); bits != 0; bits &= bits - 1) {
      const own = id + ctz<u32>(bits);
      const end = ends + (usize(own) << 3);
      const last = load<u32>(end, 4);
      let at = load<u32>(end);
      let row = values + usize(at) * rowBytes;
      for (; at != last; row = sums) {
        let to = list;
        for (; at != last && to < list + listBytes; to += 4) {
          at = load<u32>(nexts + (usize(at) << 2));
          store<u32>(to, u32(values + usize(at) * rowBytes));
        }
        addListed<f32>(row, list, to, rowBytes, sums);
      }
      if (row == sums) sums += rowBytes;
      store<u32>(distinct, own);
      store<u32>(places, u32(row));
      distinct += 4;
      places += 4;
    }
    id += 32;
  }
  return i32((distinct - found) >>> 2);
}

/** Of every row where its id stands first and last, of every id where the same comes next. */
@inline
function chainIds(
  ids: usize,
  count: i32,
  rows: u32,
  marks: usize,
  ends: usize,
  nexts: usize,
): bool {
  for (let at: u32 = 0; at < u32(count); at++) {
    const id = load<u32>(ids + (usize(at) << 2));
    if (id >= rows) return false;
    const word = marks + (usize(id >>> 5) << 2);
    const bit: u32 = 1 << (id & 31);
    const bits = load<u32>(word);
    const end = ends + (usize(id) << 3);
    if ((bits & bit) == 0) {
      store<u32>(word, bits | bit);
      store<u32>(end, at);
    } else store<u32>(nexts + (usize(load<u32>(end, 4)) << 2), at);
    store<u32>(end, at, 4);
  }
  return true;
}

/** Copies the rows that begin at `places` one after another, as sums from zero: none is -0. */
export function packFloatRows(
  places: usize,
  count: i32,
  columns: i32,
  zeros: usize,
  out: usize,
): void {
  const rowBytes = usize(columns) << 2;
  for (const end = places + (usize(count) << 2); places < end; places += 4) {
    addRow<f32>(out, zeros, usize(load<u32>(places)), rowBytes);
    out += rowBytes;
  }
}
