import { turnFour } from "./matrices";

/** Units whose terms are listed at once, and inputs of which their sums are held. */
const unitsAtOnce: i32 = 8;
const inputsAtOnce: i32 = 32;
const lineBytes: usize = 128;

/**
 * C = A' B as `tightProduct` has it, many of B's numbers being zeros, whose terms are left out: what
 * has been added up is never a negative zero, so that a zero changes nothing. A is [rows, inputs],
 * B [rows, units], C [inputs, units]; `room` has 1,088
 * bytes and 64 for each row. 0, and nothing is
 * written, where A has a number that is not finite, or B fewer zeros than one in four.
 */
export function rectifiedProduct(
  a: usize,
  b: usize,
  c: usize,
  rows: i32,
  inputs: i32,
  units: i32,
  room: usize,
): i32 {
  if (!areFinite(a, rows * inputs)) return 0;
  if (4 * zerosOf(b, rows * units) < rows * units) return 0;
  const ends = room + usize(unitsAtOnce) * lineBytes;
  const lists = ends + (usize(unitsAtOnce) << 3);
  const listBytes = usize(rows) << 3;
  const unitRow = usize(units) << 2;
  for (let unit = 0; unit < units; unit += unitsAtOnce) {
    const count = min(unitsAtOnce, units - unit);
    for (let i = 0; i < count; i++) {
      const list = lists + usize(i) * listBytes;
      const end = listTerms(b + (usize(unit + i) << 2), unitRow, rows, inputs, list);
      store<usize>(ends + (usize(i) << 3), end);
    }
    groupSums(a, c + (usize(unit) << 2), unitRow, inputs, count, lists, listBytes, ends, room);
  }
  return 1;
}

function areFinite(x: usize, length: i32): bool {
  let a = f32x4.splat(0), b = a, c = a, d = a;
  const end = x + (usize(length) << 2);
  for (; x + 64 <= end; x += 64) {
    a = plusNothing(a, v128.load(x));
    b = plusNothing(b, v128.load(x, 16));
    c = plusNothing(c, v128.load(x, 32));
    d = plusNothing(d, v128.load(x, 48));
  }
  for (; x < end; x += 4) a = plusNothing(a, v128.load32_zero(x));
  const all = f32x4.add(f32x4.add(a, b), f32x4.add(c, d));
  return i32x4.all_true(f32x4.eq(all, f32x4.splat(0)));
}

/** `sum`, or no number where one is infinite or none. */
@inline
function plusNothing(sum: v128, x: v128): v128 {
  return f32x4.add(sum, f32x4.sub(x, x));
}

function zerosOf(x: usize, length: i32): i32 {
  let zeros = i32x4.splat(0);
  const end = x + (usize(length) << 2);
  for (; x + 16 <= end; x += 16)
    zeros = i32x4.sub(zeros, f32x4.eq(v128.load(x), f32x4.splat(0)));
  let count = i32x4.extract_lane(zeros, 0) + i32x4.extract_lane(zeros, 1);
  count += i32x4.extract_lane(zeros, 2) + i32x4.extract_lane(zeros, 3);
  for (; x < end; x += 4) count += i32(f32.load(x) == 0);
  return count;
}

/** Of one unit its rows and slopes that are not zero, 8 bytes each; where they end. */
function listTerms(b: usize, row: usize, rows: i32, inputs: i32, list: usize): usize {
  const line = u32(inputs) << 2;
  for (let r: u32 = 0; r < u32(rows); r++, b += row) {
    store<u32>(list, r * line);
    const slope = f32.load(b);
    f32.store(list, slope, 4);
    list += usize(slope != 0) << 3;
  }
  return list;
}

/** Of some units, whose terms are listed, the sums for all inputs, columns for rows. */
function groupSums(
  a: usize,
  c: usize,
  cRow: usize,
  inputs: i32,
  units: i32,
  lists: usize,
  listBytes: usize,
  ends: usize,
  lines: usize,
): void {
  let input = 0;
  while (input < inputs) {
    const left = inputs - input;
    const count = left >= inputsAtOnce ? inputsAtOnce : left >= 16 ? 16 : min(4, left);
    const x = a + (usize(input) << 2);
    for (let i = 0; i < units; i++) {
      const list = lists + usize(i) * listBytes;
      const end = load<usize>(ends + (usize(i) << 3));
      const out = lines + usize(i) * lineBytes;
      if (count == inputsAtOnce) thirtyTwo(list, end, x, out);
      else if (count == 16) sixteen(list, end, x, out);
      else few(list, end, x, out, count);
    }
    turnOut(lines, count, units, c, cRow);
    input += count;
    c += usize(count) * cRow;
  }
}

function turnOut(lines: usize, count: i32, units: i32, c: usize, cRow: usize): void {
  if (units == unitsAtOnce && (count & 3) == 0) {
    for (let i = 0; i < count; i += 4) {
      turnFour(lines, lineBytes, c, cRow);
      turnFour(lines + 4 * lineBytes, lineBytes, c + 16, cRow);
      lines += 16;
      c += 4 * cRow;
    }
    return;
  }
  for (let i = 0; i < count; i++) {
    for (let unit = 0; unit < units; unit++)
      f32.store(c + (usize(unit) << 2), f32.load(lines + usize(unit) * lineBytes));
    lines += 4;
    c += cRow;
  }
}

/** Sums of one unit for 32 inputs. */
function thirtyTwo(list: usize, end: usize, x: usize, out: usize): void {
  let s0 = f32x4.splat(0);
  let s1 = s0;
  let s2 = s0;
  let s3 = s0;
  let s4 = s0;
  let s5 = s0;
  let s6 = s0;
  let s7 = s0;
  for (; list < end; list += 8) {
    const from = x + usize(load<u32>(list));
    const slope = v128.load32_splat(list, 4);
    s0 = f32x4.add(s0, f32x4.mul(slope, v128.load(from)));
    s1 = f32x4.add(s1, f32x4.mul(slope, v128.load(from, 16)));
    s2 = f32x4.add(s2, f32x4.mul(slope, v128.load(from, 32)));
    s3 = f32x4.add(s3, f32x4.mul(slope, v128.load(from, 48)));
    s4 = f32x4.add(s4, f32x4.mul(slope, v128.load(from, 64)));
    s5 = f32x4.add(s5, f32x4.mul(slope, v128.load(from, 80)));
    s6 = f32x4.add(s6, f32x4.mul(slope, v128.load(from, 96)));
    s7 = f32x4.add(s7, f32x4.mul(slope, v128.load(from, 112)));
  }
  v128.store(out, s0);
  v128.store(out, s1, 16);
  v128.store(out, s2, 32);
  v128.store(out, s3, 48);
  v128.store(out, s4, 64);
  v128.store(out, s5, 80);
  v128.store(out, s6, 96);
  v128.store(out, s7, 112);
}

/** For 16 of them. */
function sixteen(list: usize, end: usize, x: usize, out: usize): void {
  let s0 = f32x4.splat(0);
  let s1 = s0;
  let s2 = s0;
  let s3 = s0;
  for (; list < end; list += 8) {
    const from = x + usize(load<u32>(list));
    const slope = v128.load32_splat(list, 4);
    s0 = f32x4.add(s0, f32x4.mul(slope, v128.load(from)));
    s1 = f32x4.add(s1, f32x4.mul(slope, v128.load(from, 16)));
    s2 = f32x4.add(s2, f32x4.mul(slope, v128.load(from, 32)));
    s3 = f32x4.add(s3, f32x4.mul(slope, v128.load(from, 48)));
  }
  v128.store(out, s0);
  v128.store(out, s1, 16);
  v128.store(out, s2, 32);
  v128.store(out, s3, 48);
}

function few(list: usize, end: usize, x: usize, out: usize, count: i32): void {
  for (let i = 0; i < count; i++, x += 4, out += 4) {
    let sum: f32 = 0;
    for (let at = list; at < end; at += 8)
      sum += f32.load(at, 4) * f32.load(x + usize(load<u32>(at)));
    f32.store(out, sum);
  }
}
