/**
 * Products of float32 rows in double precision, operation by operation as the plain loops of
 * `products.ts` have them, so that their bits are the same.
 */

/** `out` = X w for `rows` rows at `values`; `weights` and `out` are doubles. */
export function rowProducts(
  values: usize,
  rows: i32,
  columns: i32,
  weights: usize,
  out: usize,
): void {
  const end = out + (usize(rows) << 3);
  const rowBytes = usize(columns) << 2;
  // Two rows side by side: the sums of one do not wait for those of the other.
  for (const pairs = out + (usize(rows & ~1) << 3); out < pairs; out += 16) {
    twoProducts(values, rowBytes, columns, weights, out);
    values += rowBytes << 1;
  }
  if (out < end) oneProduct(values, columns, weights, out);
}

@inline
function twoProducts(p: usize, rowBytes: usize, columns: i32, weights: usize, out: usize): void {
  let q = p + rowBytes;
  let at = weights;
  let ab = f64x2.splat(0), cd = ab, ef = ab, gh = ab;
  for (const stop = at + (usize(columns & ~3) << 3); at < stop; at += 32) {
    const w = v128.load(at), x = v128.load(at, 16);
    const four = v128.load(p), others = v128.load(q);
    const two = v128.shuffle<f32>(four, four, 2, 3, 2, 3);
    const last = v128.shuffle<f32>(others, others, 2, 3, 2, 3);
    ab = f64x2.add(ab, f64x2.mul(f64x2.promote_low_f32x4(four), w));
    ef = f64x2.add(ef, f64x2.mul(f64x2.promote_low_f32x4(others), w));
    cd = f64x2.add(cd, f64x2.mul(f64x2.promote_low_f32x4(two), x));
    gh = f64x2.add(gh, f64x2.mul(f64x2.promote_low_f32x4(last), x));
    p += 16;
    q += 16;
  }
  let a = f64x2.extract_lane(ab, 0);
  let e = f64x2.extract_lane(ef, 0);
  for (const stop = at + (usize(columns & 3) << 3); at < stop; at += 8) {
    a += f64(f32.load(p)) * f64.load(at);
    e += f64(f32.load(q)) * f64.load(at);
    p += 4;
    q += 4;
  }
  const c = f64x2.extract_lane(cd, 0) + f64x2.extract_lane(cd, 1);
  const g = f64x2.extract_lane(gh, 0) + f64x2.extract_lane(gh, 1);
  f64.store(out, a + f64x2.extract_lane(ab, 1) + c);
  f64.store(out, e + f64x2.extract_lane(ef, 1) + g, 8);
}

@inline
function oneProduct(values: usize, columns: i32, weights: usize, out: usize): void {
  let at = weights;
  let ab = f64x2.splat(0), cd = ab;
  for (const stop = at + (usize(columns & ~3) << 3); at < stop; at += 32) {
    const four = v128.load(values);
    const two = v128.shuffle<f32>(four, four, 2, 3, 2, 3);
    ab = f64x2.add(ab, f64x2.mul(f64x2.promote_low_f32x4(four), v128.load(at)));
    cd = f64x2.add(cd, f64x2.mul(f64x2.promote_low_f32x4(two), v128.load(at, 16)));
    values += 16;
  }
  let a = f64x2.extract_lane(ab, 0);
  for (const stop = at + (usize(columns & 3) << 3); at < stop; at += 8) {
    a += f64(f32.load(values)) * f64.load(at);
    values += 4;
  }
  const c = f64x2.extract_lane(cd, 0) + f64x2.extract_lane(cd, 1);
  f64.store(out, a + f64x2.extract_lane(ab, 1) + c);
}

/** `out` += X' r, in row order; rows whose factor is 0 are left out. */
export function addRowProducts(
  values: usize,
  rows: i32,
  columns: i32,
  factors: usize,
  out: usize,
): void {
  const stride = usize(columns) << 2;
  let row = 0;
  for (; row < (rows & ~3); row += 4) {
    const e = f64.load(factors);
    const f = f64.load(factors, 8);
    const g = f64.load(factors, 16);
    const h = f64.load(factors, 24);
    if (e == 0 || f == 0 || g == 0 || h == 0)
      for (let i: usize = 0; i < 4; i++)
        addRow(values + i * stride, columns, f64.load(factors + (i << 3)), out);
    else addFourRows(values, stride, columns, e, f, g, h, out);
    values += stride << 2;
    factors += 32;
  }
  for (; row < rows; row++) {
    addRow(values, columns, f64.load(factors), out);
    values += stride;
    factors += 8;
  }
}

function addRow(values: usize, columns: i32, factor: f64, out: usize): void {
  if (factor == 0) return;
  for (const end = values + (usize(columns) << 2); values < end; values += 4) {
    f64.store(out, f64.load(out) + f64(f32.load(values)) * factor);
    out += 8;
  }
}

@inline
function addFourRows(
  p: usize,
  stride: usize,
  columns: i32,
  e: f64,
  f: f64,
  g: f64,
  h: f64,
  out: usize,
): void {
  let q = p + stride;
  let r = q + stride;
  let s = r + stride;
  for (const end = p + (usize(columns & ~1) << 2); p < end; p += 8) {
    let sum = plusTimes(v128.load(out), p, e);
    sum = plusTimes(sum, q, f);
    sum = plusTimes(sum, r, g);
    v128.store(out, plusTimes(sum, s, h));
    q += 8;
    r += 8;
    s += 8;
    out += 16;
  }
  if ((columns & 1) == 0) return;
  let sum = f64.load(out) + f64(f32.load(p)) * e;
  sum += f64(f32.load(q)) * f;
  sum += f64(f32.load(r)) * g;
  f64.store(out, sum + f64(f32.load(s)) * h);
}

@inline
function plusTimes(sum: v128, values: usize, factor: f64): v128 {
  const two = f64x2.promote_low_f32x4(v128.load64_zero(values));
  return f64x2.add(sum, f64x2.mul(two, f64x2.splat(factor)));
}

/** Adds each row's distances from `firsts` to `sums`, and their squares to `squares`, by column. */
export function addDistances(
  values: usize,
  rows: i32,
  columns: i32,
  firsts: usize,
  sums: usize,
  squares: usize,
): void {
  const even = usize(columns & ~1) << 3;
  for (let row = 0; row < rows; row++) {
    let at: usize = 0;
    for (; at < even; at += 16) {
      const two = f64x2.promote_low_f32x4(v128.load64_zero(values));
      const distance = f64x2.sub(two, v128.load(firsts + at));
      v128.store(sums + at, f64x2.add(v128.load(sums + at), distance));
      const square = f64x2.mul(distance, distance);
      v128.store(squares + at, f64x2.add(v128.load(squares + at), square));
      values += 8;
    }
    if ((columns & 1) == 0) continue;
    const distance = f64(f32.load(values)) - f64.load(firsts + at);
    f64.store(sums + at, f64.load(sums + at) + distance);
    f64.store(squares + at, f64.load(squares + at) + distance * distance);
    values += 4;
  }
}
