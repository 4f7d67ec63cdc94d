/** Of a product, what is packed at once: in the nearest caches both sides have room. */
const termsAtOnce: i32 = 256;
const rowsAtOnce: i32 = 64;
/** Where rows are packed as well, which is worth it for several columns alone. */
const columnsAtOnce: i32 = 256;

/**
 * C = A B, or C += A B where `begun`, its terms added to what stands there: m rows, k terms, n
 * columns of floats. A and B are anywhere by their strides in bytes, so each may be transposed;
 * rows of C begin `cRow` bytes apart and have n numbers. Terms are added in their order, one after
 * another, so that a number depends on nothing beside its row and column. What `room` must hold:
 * `productRoom` in `kernels/matrices.ts`.
 */
export function tightProduct(
  a: usize,
  aRow: usize,
  aTerm: usize,
  b: usize,
  bTerm: usize,
  bColumn: usize,
  c: usize,
  cRow: usize,
  m: i32,
  k: i32,
  n: i32,
  room: usize,
  begun: i32,
): void {
  const packed = room + 128;
  const blocks = max(1, (k + termsAtOnce - 1) / termsAtOnce);
  const terms = (k + blocks - 1) / blocks;
  const wide = aTerm == 4 ? 8 : columnsAtOnce;
  for (let p = 0; p < max(1, k); p += max(1, terms)) {
    const count = min(terms, k - p);
    const isBegun = begun | i32(p > 0);
    for (let j = 0; j < n; j += wide) {
      const columns = min(wide, n - j);
      const right = b + usize(p) * bTerm + usize(j) * bColumn;
      packColumns(right, bTerm, bColumn, count, columns, packed);
      const strips = packed + (usize(count) * usize((columns + 7) & ~7) << 2);
      for (let i = 0; i < m; i += rowsAtOnce) {
        const rows = min(rowsAtOnce, m - i);
        const from = a + usize(i) * aRow + usize(p) * aTerm;
        const out = c + usize(i) * cRow + (usize(j) << 2);
        if (aTerm == 4) block(from, aRow, packed, count, rows, columns, out, cRow, isBegun, room);
        else {
          packRows(from, aRow, aTerm, count, rows, strips);
          block(strips, 0, packed, count, rows, columns, out, cRow, isBegun, room);
        }
      }
    }
  }
}

/** Columns by eights, term after term, each so many a panel. */
export function packColumns(
  from: usize,
  term: usize,
  column: usize,
  count: i32,
  columns: i32,
  to: usize,
): void {
  for (let j = 0; j < columns; j += 8) {
    const here = from + usize(j) * column;
    packFour(here, column, term, count, columns - j, to, 32);
    packFour(here + 4 * column, column, term, count, columns - j - 4, to + 16, 32);
    to += usize(count) << 5;
  }
}

function packRows(
  from: usize,
  row: usize,
  term: usize,
  count: i32,
  rows: i32,
  to: usize,
): void {
  for (let i = 0; i < rows; i += 4) {
    packFour(from + usize(i) * row, row, term, count, rows - i, to, 16);
    to += usize(count) << 4;
  }
}

/** Term after term the numbers of four lines, zeros for those beyond the last of `lines`. */
export function packFour(
  from: usize,
  line: usize,
  term: usize,
  count: i32,
  lines: i32,
  to: usize,
  step: usize,
): void {
  let p = 0;
  if (lines >= 4 && line == 4) {
    for (; p < count; p++) {
      v128.store(to, v128.load(from));
      from += term;
      to += step;
    }
    return;
  }
  if (lines >= 4 && term == 4) {
    for (; p + 4 <= count; p += 4) {
      turnFour(from, line, to, step);
      from += 16;
      to += 4 * step;
    }
  }
  for (; p < count; p++) {
    v128.store(to, f32x4.splat(0));
    for (let i = 0; i < min(4, lines); i++)
      f32.store(to + (usize(i) << 2), f32.load(from + usize(i) * line));
    from += term;
    to += step;
  }
}

/** Four numbers of each of four lines, columns for rows. */
@inline
export function turnFour(from: usize, line: usize, to: usize, step: usize): void {
  const r0 = v128.load(from);
  const r1 = v128.load(from + line);
  const r2 = v128.load(from + 2 * line);
  const r3 = v128.load(from + 3 * line);
  const a = v128.shuffle<f32>(r0, r1, 0, 4, 1, 5);
  const b = v128.shuffle<f32>(r2, r3, 0, 4, 1, 5);
  const c = v128.shuffle<f32>(r0, r1, 2, 6, 3, 7);
  const d = v128.shuffle<f32>(r2, r3, 2, 6, 3, 7);
  v128.store(to, v128.shuffle<f32>(a, b, 0, 1, 4, 5));
  v128.store(to + step, v128.shuffle<f32>(a, b, 2, 3, 6, 7));
  v128.store(to + 2 * step, v128.shuffle<f32>(c, d, 0, 1, 4, 5));
  v128.store(to + 3 * step, v128.shuffle<f32>(c, d, 2, 3, 6, 7));
}

/** Rows, packed where `aRow` is 0, times packed columns, four by eight at a time. */
function block(
  a: usize,
  aRow: usize,
  columnsAt: usize,
  count: i32,
  rows: i32,
  columns: i32,
  c: usize,
  cRow: usize,
  begun: i32,
  spare: usize,
): void {
  const step = aRow == 0 ? usize(count) << 4 : 4 * aRow;
  for (let j = 0; j < columns; j += 8) {
    let strip = a;
    for (let i = 0; i < rows; i += 4) {
      const out = c + usize(i) * cRow + (usize(j) << 2);
      tile(strip, aRow, columnsAt, count, out, cRow, rows - i, columns - j, begun, spare);
      strip += step;
    }
    columnsAt += usize(count) << 5;
  }
}

/**
 * Of so many rows and columns that are left, four by eight; `spare` has room for 128 bytes. Rows of
 * A are packed where `aRow` is 0, else each has its terms side by side.
 */
export function tile(
  a: usize,
  aRow: usize,
  panel: usize,
  count: i32,
  out: usize,
  outRow: usize,
  rows: i32,
  columns: i32,
  begun: i32,
  spare: usize,
): void {
  if (rows >= 4 && columns >= 8) {
    fourByEight(a, aRow, 3, panel, count, out, outRow, begun);
    return;
  }
  const bytes = usize(min(8, columns)) << 2;
  const high = min(4, rows);
  if (begun) copyTile(out, outRow, spare, 32, high, bytes);
  fourByEight(a, aRow, high - 1, panel, count, spare, 32, begun);
  copyTile(spare, 32, out, outRow, high, bytes);
}

function copyTile(
  from: usize,
  fromRow: usize,
  to: usize,
  toRow: usize,
  rows: i32,
  bytes: usize,
): void {
  for (let i = 0; i < rows; i++) {
    for (let at: usize = 0; at < bytes; at += 4) f32.store(to + at, f32.load(from + at));
    from += fromRow;
    to += toRow;
  }
}

@inline
function fourByEight(
  a: usize,
  aRow: usize,
  last: i32,
  b: usize,
  count: i32,
  c: usize,
  cRow: usize,
  begun: i32,
): void {
  if (aRow == 0) fourPacked(a, b, count, c, cRow, begun);
  else fourRows(a, aRow, usize(last), b, count, c, cRow, begun);
}

/** Rows whose terms are side by side; those beyond the last are the last again. */
function fourRows(
  a: usize,
  aRow: usize,
  last: usize,
  b: usize,
  count: i32,
  c: usize,
  cRow: usize,
  begun: i32,
): void {
  let a1 = a + min(1, last) * aRow;
  let a2 = a + min(2, last) * aRow;
  let a3 = a + last * aRow;
  let s0 = f32x4.splat(0);
  let t0 = s0;
  let s1 = s0;
  let t1 = s0;
  let s2 = s0;
  let t2 = s0;
  let s3 = s0;
  let t3 = s0;
  let low = s0;
  let high = s0;
  let x = s0;
  if (begun) {
    s0 = v128.load(c);
    t0 = v128.load(c, 16);
    s1 = v128.load(c + cRow);
    t1 = v128.load(c + cRow, 16);
    s2 = v128.load(c + 2 * cRow);
    t2 = v128.load(c + 2 * cRow, 16);
    s3 = v128.load(c + 3 * cRow);
    t3 = v128.load(c + 3 * cRow, 16);
  }
  const end = b + (usize(count) << 5);
  for (; b < end; b += 32) {
    low = v128.load(b);
    high = v128.load(b, 16);
    x = v128.load32_splat(a);
    s0 = f32x4.add(s0, f32x4.mul(x, low));
    t0 = f32x4.add(t0, f32x4.mul(x, high));
    x = v128.load32_splat(a1);
    s1 = f32x4.add(s1, f32x4.mul(x, low));
    t1 = f32x4.add(t1, f32x4.mul(x, high));
    x = v128.load32_splat(a2);
    s2 = f32x4.add(s2, f32x4.mul(x, low));
    t2 = f32x4.add(t2, f32x4.mul(x, high));
    x = v128.load32_splat(a3);
    s3 = f32x4.add(s3, f32x4.mul(x, low));
    t3 = f32x4.add(t3, f32x4.mul(x, high));
    a += 4;
    a1 += 4;
    a2 += 4;
    a3 += 4;
  }
  v128.store(c, s0);
  v128.store(c, t0, 16);
  v128.store(c + cRow, s1);
  v128.store(c + cRow, t1, 16);
  v128.store(c + 2 * cRow, s2);
  v128.store(c + 2 * cRow, t2, 16);
  v128.store(c + 3 * cRow, s3);
  v128.store(c + 3 * cRow, t3, 16);
}

/** Rows of which four numbers of a term are side by side. */
function fourPacked(
  a: usize,
  b: usize,
  count: i32,
  c: usize,
  cRow: usize,
  begun: i32,
): void {
  let s0 = f32x4.splat(0);
  let t0 = s0;
  let s1 = s0;
  let t1 = s0;
  let s2 = s0;
  let t2 = s0;
  let s3 = s0;
  let t3 = s0;
  let low = s0;
  let high = s0;
  let x = s0;
  if (begun) {
    s0 = v128.load(c);
    t0 = v128.load(c, 16);
    s1 = v128.load(c + cRow);
    t1 = v128.load(c + cRow, 16);
    s2 = v128.load(c + 2 * cRow);
    t2 = v128.load(c + 2 * cRow, 16);
    s3 = v128.load(c + 3 * cRow);
    t3 = v128.load(c + 3 * cRow, 16);
  }
  const end = b + (usize(count) << 5);
  for (; b < end; b += 32) {
    low = v128.load(b);
    high = v128.load(b, 16);
    x = v128.load32_splat(a);
    s0 = f32x4.add(s0, f32x4.mul(x, low));
    t0 = f32x4.add(t0, f32x4.mul(x, high));
    x = v128.load32_splat(a, 4);
    s1 = f32x4.add(s1, f32x4.mul(x, low));
    t1 = f32x4.add(t1, f32x4.mul(x, high));
    x = v128.load32_splat(a, 8);
    s2 = f32x4.add(s2, f32x4.mul(x, low));
    t2 = f32x4.add(t2, f32x4.mul(x, high));
    x = v128.load32_splat(a, 12);
    s3 = f32x4.add(s3, f32x4.mul(x, low));
    t3 = f32x4.add(t3, f32x4.mul(x, high));
    a += 16;
  }
  v128.store(c, s0);
  v128.store(c, t0, 16);
  v128.store(c + cRow, s1);
  v128.store(c + cRow, t1, 16);
  v128.store(c + 2 * cRow, s2);
  v128.store(c + 2 * cRow, t2, 16);
  v128.store(c + 3 * cRow, s3);
  v128.store(c + 3 * cRow, t3, 16);
}
