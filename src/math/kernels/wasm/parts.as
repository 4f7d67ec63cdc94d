import { addListed, weighListed } from "./listed";

/**
 * Merges parts whose ids ascend, each once, a range of ids after another. What belongs to one row
 * is listed first, in the order of the parts, and then added up where nothing but its numbers is
 * read and its sum written: sums stay in registers, so that values are read once and sums are
 * written once, both about in order.
 *
 * A part is 32 bytes at `parts`: where its next id stands, where its ids end, where the next id's
 * values stand, where its ids of this range end, and, as a double, what it is multiplied by.
 */
const partBytes: usize = 32;
const nextEnd: usize = 4;
const nextValues: usize = 8;
const nextCut: usize = 12;
const weightAt: usize = 16;

/** Finds where the ids of every part reach `limit`; how many are below it, of all parts. */
export function cutParts(parts: usize, count: i32, limit: u32): u32 {
  const partsEnd = parts + usize(count) * partBytes;
  let below: u32 = 0;
  for (let part = parts; part < partsEnd; part += partBytes) {
    const begin = load<u32>(part);
    const end = load<u32>(part, nextEnd);
    let at = begin;
    while (at < end && load<u32>(at) < limit) at += 4;
    store<u32>(part, at, nextCut);
    below += (at - begin) >>> 2;
  }
  return below;
}

/**
 * Adds the rows of a range of ids up, in the precision of the values, and goes on to the next
 * range. `table` has four bytes for each id of the range, `lists` four for each row that is added;
 * ids that there are go to `distinct`, ascending, which has room for one more; how many they are
 * comes back.
 */
export function mergeFloatParts(
  parts: usize,
  count: i32,
  base: u32,
  limit: u32,
  columns: i32,
  table: usize,
  lists: usize,
  distinct: usize,
  sums: usize,
): u32 {
  return mergeRange<f32, u32>(parts, count, base, limit, columns, table, lists, distinct, sums);
}

export function mergeDoubleParts(
  parts: usize,
  count: i32,
  base: u32,
  limit: u32,
  columns: i32,
  table: usize,
  lists: usize,
  distinct: usize,
  sums: usize,
): u32 {
  return mergeRange<f64, u32>(parts, count, base, limit, columns, table, lists, distinct, sums);
}

/**
 * The same in doubles from zero on, every value times its part's weight; `lists` has eight bytes
 * for each row.
 */
export function weighFloatParts(
  parts: usize,
  count: i32,
  base: u32,
  limit: u32,
  columns: i32,
  table: usize,
  lists: usize,
  distinct: usize,
  sums: usize,
): u32 {
  return mergeRange<f32, u64>(parts, count, base, limit, columns, table, lists, distinct, sums);
}

export function weighDoubleParts(
  parts: usize,
  count: i32,
  base: u32,
  limit: u32,
  columns: i32,
  table: usize,
  lists: usize,
  distinct: usize,
  sums: usize,
): u32 {
  return mergeRange<f64, u64>(parts, count, base, limit, columns, table, lists, distinct, sums);
}

@inline
function mergeRange<T, Entry>(
  parts: usize,
  count: i32,
  base: u32,
  limit: u32,
  columns: i32,
  table: usize,
  lists: usize,
  distinct: usize,
  sums: usize,
): u32 {
  const rowBytes = usize(columns) * sizeof<T>();
  const entryBytes = u32(sizeof<Entry>());
  const isWeighed = sizeof<Entry>() == 8;
  const sumBytes = isWeighed ? usize(columns) << 3 : rowBytes;
  const found = listRows(parts, count, base, limit, rowBytes, entryBytes, table, lists, distinct);
  let list = lists;
  for (const end = distinct + (usize(found) << 2); distinct < end; distinct += 4) {
    const listEnd = usize(load<u32>(table + (usize(load<u32>(distinct) - base) << 2)));
    if (isWeighed) weighListed<T>(list, listEnd, usize(columns), weightAt, sums);
    else addListed<T>(list, listEnd, rowBytes, sums);
    sums += sumBytes;
    list = listEnd;
  }
  return found;
}

/**
 * Lists where the rows of every id stand, the first part's first: where a list ends is in `table`
 * afterwards. An entry that is twice as long tells the part as well.
 */
function listRows(
  parts: usize,
  count: i32,
  base: u32,
  limit: u32,
  rowBytes: usize,
  entryBytes: u32,
  table: usize,
  lists: usize,
  distinct: usize,
): u32 {
  const partsEnd = parts + usize(count) * partBytes;
  const tableEnd = table + (usize(limit - base) << 2);
  memory.fill(table, 0, tableEnd - table);
  for (let part = parts; part < partsEnd; part += partBytes) {
    const cut = load<u32>(part, nextCut);
    for (let at: usize = load<u32>(part); at < cut; at += 4) {
      const entry = table + (usize(load<u32>(at) - base) << 2);
      store<u32>(entry, load<u32>(entry) + entryBytes);
    }
  }
  const begun = distinct;
  let id = base;
  let list = u32(lists);
  for (let entry = table; entry < tableEnd; entry += 4) {
    const own = load<u32>(entry);
    store<u32>(distinct, id++);
    store<u32>(entry, list);
    distinct += usize(own != 0) << 2;
    list += own;
  }
  for (let part = parts; part < partsEnd; part += partBytes) {
    const cut = load<u32>(part, nextCut);
    let values = usize(load<u32>(part, nextValues));
    for (let at: usize = load<u32>(part); at < cut; at += 4) {
      const entry = table + (usize(load<u32>(at) - base) << 2);
      const to = load<u32>(entry);
      store<u32>(to, u32(values));
      if (entryBytes == 8) store<u32>(to, u32(part), 4);
      store<u32>(entry, to + entryBytes);
      values += rowBytes;
    }
    store<u32>(part, cut);
    store<u32>(part, u32(values), nextValues);
  }
  return u32(distinct - begun) >>> 2;
}
