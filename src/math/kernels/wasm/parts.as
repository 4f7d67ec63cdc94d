import { addListed, weighListed } from "./listed";

/**
 * Merges parts whose ids ascend, each once, a range of ids after another. First every id of the
 * range is told which parts have it, by a bit for each part. Then ids are gone through: a part's
 * next row is where its last one ended, so the parts' bits, lowest first, say where the id's rows
 * stand, and these are added up in the parts' order while the sum stays in registers. So ids are
 * read once, values once, and sums are written once and in order.
 *
 * A part is 32 bytes at `parts`: where its next id stands, where its ids end, where the next id's
 * values stand, where its ids of this range end, and, as a double, what it is multiplied by.
 */
const partBits: usize = 5;
const partBytes: usize = 1 << partBits;
const nextEnd: usize = 4;
const nextValues: usize = 8;
const nextCut: usize = 12;
const weightAt: usize = 16;

/** Parts that a word of bits tells of. */
const wordParts: i32 = 64;
/** In bytes. */
const wordBits: usize = 3;

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
 * range. `marks` has eight bytes for each id of the range and every 64 parts, `list` eight for each
 * part; ids that there are go to `distinct`, ascending, which has room for one more; how many they
 * are comes back.
 */
export function mergeFloatParts(
  parts: usize,
  count: i32,
  base: u32,
  limit: u32,
  columns: i32,
  marks: usize,
  list: usize,
  distinct: usize,
  sums: usize,
): u32 {
  return mergeRange<f32>(parts, count, base, limit, columns, marks, list, distinct, sums);
}

export function mergeDoubleParts(
  parts: usize,
  count: i32,
  base: u32,
  limit: u32,
  columns: i32,
  marks: usize,
  list: usize,
  distinct: usize,
  sums: usize,
): u32 {
  return mergeRange<f64>(parts, count, base, limit, columns, marks, list, distinct, sums);
}

/**
 * The same in doubles from zero on, every value times its part's weight. `zeros` is a row of them,
 * in doubles. Where it is told that the first part is `held`, that is a sum of others before, in
 * doubles, to which is added.
 */
export function weighFloatParts(
  parts: usize,
  count: i32,
  base: u32,
  limit: u32,
  columns: i32,
  marks: usize,
  list: usize,
  distinct: usize,
  sums: usize,
  zeros: usize,
  held: i32,
): u32 {
  return weighRange<f32>(
    parts,
    count,
    base,
    limit,
    columns,
    marks,
    list,
    distinct,
    sums,
    zeros,
    held,
  );
}

export function weighDoubleParts(
  parts: usize,
  count: i32,
  base: u32,
  limit: u32,
  columns: i32,
  marks: usize,
  list: usize,
  distinct: usize,
  sums: usize,
  zeros: usize,
  held: i32,
): u32 {
  return weighRange<f64>(
    parts,
    count,
    base,
    limit,
    columns,
    marks,
    list,
    distinct,
    sums,
    zeros,
    held,
  );
}

/** Of a row that is as long as a line of memory nothing is listed. */
const lineBytes: usize = 64;

@inline
function mergeRange<T>(
  parts: usize,
  count: i32,
  base: u32,
  limit: u32,
  columns: i32,
  marks: usize,
  list: usize,
  distinct: usize,
  sums: usize,
): u32 {
  const rowBytes = usize(columns) * sizeof<T>();
  const end = markIds(parts, count, base, limit, marks);
  const begun = distinct;
  if (rowBytes == lineBytes) distinct = addLines<T>(parts, count, base, marks, end, distinct, sums);
  else distinct = addRows<T>(parts, count, base, rowBytes, marks, end, list, distinct, sums);
  return u32(distinct - begun) >>> 2;
}

/** Ids' rows are listed, all but the first, one id's at a time, and added up. */
@inline
function addRows<T>(
  parts: usize,
  count: i32,
  id: u32,
  rowBytes: usize,
  mark: usize,
  end: usize,
  list: usize,
  distinct: usize,
  sums: usize,
): usize {
  for (const bytes = idBytes(count); mark < end; id++) {
    let first: usize = 0;
    let to = list - 4;
    let part = parts;
    for (const next = mark + bytes; mark < next; mark += 1 << wordBits) {
      for (let word = load<u64>(mark); word != 0; word &= word - 1) {
        const row = nextRow(part, word, rowBytes);
        if (first == 0) first = row;
        else store<u32>(to, u32(row));
        to += 4;
      }
      part += usize(wordParts) << partBits;
    }
    store<u32>(distinct, id);
    if (first == 0) continue;
    distinct += 4;
    addListed<T>(first, list, to, rowBytes, sums);
    sums += rowBytes;
  }
  return distinct;
}

@inline
function addLines<T>(
  parts: usize,
  count: i32,
  id: u32,
  mark: usize,
  end: usize,
  distinct: usize,
  sums: usize,
): usize {
  for (const bytes = idBytes(count); mark < end; id++) {
    let rows: u32 = 0;
    let part = parts;
    let a = i64x2.splat(0), b = a, c = a, d = a;
    for (const next = mark + bytes; mark < next; mark += 1 << wordBits) {
      let word = load<u64>(mark);
      if (rows == 0 && word != 0) {
        const row = nextRow(part, word, lineBytes);
        a = v128.load(row);
        b = v128.load(row, 16);
        c = v128.load(row, 32);
        d = v128.load(row, 48);
        word &= word - 1;
        rows = 1;
      }
      for (; word != 0; word &= word - 1) {
        const row = nextRow(part, word, lineBytes);
        a = v128.add<T>(a, v128.load(row));
        b = v128.add<T>(b, v128.load(row, 16));
        c = v128.add<T>(c, v128.load(row, 32));
        d = v128.add<T>(d, v128.load(row, 48));
      }
      part += usize(wordParts) << partBits;
    }
    store<u32>(distinct, id);
    distinct += usize(rows) << 2;
    // Of an id that there is not the next one's sum is written over.
    v128.store(sums, a);
    v128.store(sums, b, 16);
    v128.store(sums, c, 32);
    v128.store(sums, d, 48);
    sums += usize(rows) * lineBytes;
  }
  return distinct;
}

@inline
function weighRange<T>(
  parts: usize,
  count: i32,
  base: u32,
  limit: u32,
  columns: i32,
  marks: usize,
  list: usize,
  distinct: usize,
  sums: usize,
  zeros: usize,
  held: i32,
): u32 {
  const rowBytes = usize(columns) * sizeof<T>();
  const sumBytes = usize(columns) << 3;
  const end = markIds(parts, count, base, limit, marks);
  const begun = distinct;
  for (let mark = marks; mark < end; base++) {
    let to = list;
    let part = parts;
    let sum = zeros;
    // Of the first part of all, which is the first bit of the first word.
    const first = load<u64>(mark) & u64(held);
    if (first != 0) {
      sum = nextRow(parts, 1, sumBytes);
      store<u64>(mark, load<u64>(mark) ^ first);
    }
    for (const next = mark + idBytes(count); mark < next; mark += 1 << wordBits) {
      for (let word = load<u64>(mark); word != 0; word &= word - 1) {
        store<u32>(to, u32(nextRow(part, word, rowBytes)));
        store<u32>(to, u32(part + (usize(ctz<u64>(word)) << partBits)), 4);
        to += 8;
      }
      part += usize(wordParts) << partBits;
    }
    store<u32>(distinct, base);
    if (to == list && first == 0) continue;
    distinct += 4;
    weighListed<T>(sum, list, to, usize(columns), weightAt, sums);
    sums += sumBytes;
  }
  return u32(distinct - begun) >>> 2;
}

/** Bytes of the bits of an id. */
@inline
function idBytes(count: i32): usize {
  return usize((count + wordParts - 1) / wordParts) << wordBits;
}

/** Of the part that the lowest bit says, where its next row stands; it goes on to the one after. */
@inline
function nextRow(parts: usize, word: u64, rowBytes: usize): usize {
  const part = parts + (usize(ctz<u64>(word)) << partBits);
  const row = usize(load<u32>(part, nextValues));
  store<u32>(part, u32(row + rowBytes), nextValues);
  return row;
}

/** Tells every id of the range which parts have it; parts go on to the next one's ids. */
function markIds(parts: usize, count: i32, base: u32, limit: u32, marks: usize): usize {
  const bytes = idBytes(count);
  const end = marks + usize(limit - base) * bytes;
  memory.fill(marks, 0, end - marks);
  for (let i = 0; i < count; i++) {
    const part = parts + (usize(i) << partBits);
    const own = marks + (usize(i / wordParts) << wordBits);
    const bit: u64 = 1 << u64(i % wordParts);
    let at = usize(load<u32>(part));
    for (const stop = usize(load<u32>(part, nextEnd)); at < stop; at += 4) {
      const id = load<u32>(at);
      if (id >= limit) break;
      const mark = own + usize(id - base) * bytes;
      store<u64>(mark, load<u64>(mark) | bit);
    }
    store<u32>(part, u32(at));
  }
  return end;
}
