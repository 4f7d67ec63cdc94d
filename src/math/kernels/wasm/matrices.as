/**
 * C = A B, or C += A B where `adding`: m rows, k terms, n columns of floats. A and B are anywhere
 * by their strides in bytes, so each may be transposed; rows of C have room for n rounded up to 8,
 * and get zeros there. `panel` has room for 32 k bytes. Terms are added in their order, so a row
 * of C does not depend on the rows beside it.
 */
export function product(
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
  panel: usize,
  adding: i32,
): void {
  for (let column = 0; column < n; column += 8) {
    pack(b + usize(column) * bColumn, bTerm, bColumn, k, min(8, n - column), panel);
    let i = 0;
    for (; i + 4 <= m; i += 4)
      four(a + usize(i) * aRow, aRow, aTerm, k, panel, c + usize(i) * cRow, cRow, adding);
    for (; i < m; i++) one(a + usize(i) * aRow, aTerm, k, panel, c + usize(i) * cRow, adding);
    c += 32;
  }
}

/**
 * The same, but rows of C have room for n columns and no more. `panel` has room for 32 k + 128
 * bytes.
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
  panel: usize,
): void {
  const full = n & ~7;
  product(a, aRow, aTerm, b, bTerm, bColumn, c, cRow, m, k, full, panel, 0);
  if (full == n) return;
  const spare = panel + (usize(k) << 5);
  const bytes = usize(n - full) << 2;
  pack(b + usize(full) * bColumn, bTerm, bColumn, k, n - full, panel);
  c += usize(full) << 2;
  for (let i = 0; i < m; i += 4) {
    const count = min(4, m - i);
    const rows = a + usize(i) * aRow;
    if (count == 4) four(rows, aRow, aTerm, k, panel, spare, 32, 0);
    else
      for (let r = 0; r < count; r++)
        one(rows + usize(r) * aRow, aTerm, k, panel, spare + (usize(r) << 5), 0);
    for (let r = 0; r < count; r++, c += cRow)
      for (let at: usize = 0; at < bytes; at += 4)
        f32.store(c + at, f32.load(spare + (usize(r) << 5) + at));
  }
}

/** Eight columns side by side; those beyond the last are zeros. */
function pack(from: usize, term: usize, column: usize, k: i32, count: i32, panel: usize): void {
  if (count == 8 && column == 4) {
    for (let p = 0; p < k; p++) {
      v128.store(panel, v128.load(from));
      v128.store(panel, v128.load(from, 16), 16);
      panel += 32;
      from += term;
    }
    return;
  }
  for (let p = 0; p < k; p++) {
    v128.store(panel, f32x4.splat(0));
    v128.store(panel, f32x4.splat(0), 16);
    for (let j = 0; j < count; j++)
      f32.store(panel + (usize(j) << 2), f32.load(from + usize(j) * column));
    panel += 32;
    from += term;
  }
}

function four(
  a: usize,
  aRow: usize,
  aTerm: usize,
  k: i32,
  panel: usize,
  c: usize,
  cRow: usize,
  adding: i32,
): void {
  const a1 = a + aRow;
  const a2 = a1 + aRow;
  const a3 = a2 + aRow;
  let s0 = f32x4.splat(0);
  let t0 = s0;
  let s1 = s0;
  let t1 = s0;
  let s2 = s0;
  let t2 = s0;
  let s3 = s0;
  let t3 = s0;
  let at: usize = 0;
  const end = panel + (usize(k) << 5);
  for (; panel < end; panel += 32) {
    const low = v128.load(panel);
    const high = v128.load(panel, 16);
    const x0 = v128.load32_splat(a + at);
    const x1 = v128.load32_splat(a1 + at);
    const x2 = v128.load32_splat(a2 + at);
    const x3 = v128.load32_splat(a3 + at);
    s0 = f32x4.add(s0, f32x4.mul(x0, low));
    t0 = f32x4.add(t0, f32x4.mul(x0, high));
    s1 = f32x4.add(s1, f32x4.mul(x1, low));
    t1 = f32x4.add(t1, f32x4.mul(x1, high));
    s2 = f32x4.add(s2, f32x4.mul(x2, low));
    t2 = f32x4.add(t2, f32x4.mul(x2, high));
    s3 = f32x4.add(s3, f32x4.mul(x3, low));
    t3 = f32x4.add(t3, f32x4.mul(x3, high));
    at += aTerm;
  }
  keep(c, s0, t0, adding);
  keep(c + cRow, s1, t1, adding);
  keep(c + 2 * cRow, s2, t2, adding);
  keep(c + 3 * cRow, s3, t3, adding);
}

function one(a: usize, aTerm: usize, k: i32, panel: usize, c: usize, adding: i32): void {
  let low = f32x4.splat(0);
  let high = low;
  const end = panel + (usize(k) << 5);
  for (; panel < end; panel += 32) {
    const x = v128.load32_splat(a);
    low = f32x4.add(low, f32x4.mul(x, v128.load(panel)));
    high = f32x4.add(high, f32x4.mul(x, v128.load(panel, 16)));
    a += aTerm;
  }
  keep(c, low, high, adding);
}

@inline
function keep(c: usize, low: v128, high: v128, adding: i32): void {
  if (adding) {
    low = f32x4.add(v128.load(c), low);
    high = f32x4.add(v128.load(c, 16), high);
  }
  v128.store(c, low);
  v128.store(c, high, 16);
}
