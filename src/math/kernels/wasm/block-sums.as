/**
 * Adds what blocks of float32 rows make of their factors: a block's rows times a factor each, in
 * double precision and row order from zero on, rounded to float32. To `sums` as it is, and to
 * `moved` times `step`, block after block. `blocks` has of each its first row at `values` and how
 * many rows it has; `factors` are doubles, those of the first block, of the second and so on.
 */
export function addBlockSums(
  blocks: usize,
  count: i32,
  factors: usize,
  values: usize,
  columns: i32,
  step: f64,
  sums: usize,
  moved: usize,
): void {
  const rowBytes = usize(columns) << 2;
  let left = count;
  while (left > 0) {
    if (left >= 4 && areSingle(blocks)) {
      addFour(blocks, factors, values, rowBytes, step, sums, moved);
      left -= 4;
      blocks += 32;
      factors += 32;
      continue;
    }
    const rows = load<u32>(blocks, 4);
    const first = values + usize(load<u32>(blocks)) * rowBytes;
    addBlock(first, rows, rowBytes, factors, step, sums, moved);
    left--;
    blocks += 8;
    factors += usize(rows) << 3;
  }
}

/** The next four blocks are a row each: nearly all are, where there are thousands. */
@inline
function areSingle(blocks: usize): bool {
  const a = load<u32>(blocks, 4) ^ 1;
  const b = load<u32>(blocks, 12) ^ 1;
  const c = load<u32>(blocks, 20) ^ 1;
  const d = load<u32>(blocks, 28) ^ 1;
  return (a | b | c | d) == 0;
}

/** Sums are read and written once for four rows. */
function addFour(
  blocks: usize,
  factors: usize,
  values: usize,
  rowBytes: usize,
  step: f64,
  sums: usize,
  moved: usize,
): void {
  const a = values + usize(load<u32>(blocks)) * rowBytes;
  const b = values + usize(load<u32>(blocks, 8)) * rowBytes;
  const c = values + usize(load<u32>(blocks, 16)) * rowBytes;
  const d = values + usize(load<u32>(blocks, 24)) * rowBytes;
  const e = v128.load64_splat(factors);
  const f = v128.load64_splat(factors, 8);
  const g = v128.load64_splat(factors, 16);
  const h = v128.load64_splat(factors, 24);
  const steps = f64x2.splat(step);
  let at: usize = 0;
  for (const end = rowBytes & ~7; at < end; at += 8) {
    const from = at << 1;
    let sum = v128.load(sums + from);
    let there = v128.load(moved + from);
    let value = rounded(plusTimes(f64x2.splat(0), a + at, e));
    sum = f64x2.add(sum, value);
    there = f64x2.add(there, f64x2.mul(steps, value));
    value = rounded(plusTimes(f64x2.splat(0), b + at, f));
    sum = f64x2.add(sum, value);
    there = f64x2.add(there, f64x2.mul(steps, value));
    value = rounded(plusTimes(f64x2.splat(0), c + at, g));
    sum = f64x2.add(sum, value);
    there = f64x2.add(there, f64x2.mul(steps, value));
    value = rounded(plusTimes(f64x2.splat(0), d + at, h));
    v128.store(sums + from, f64x2.add(sum, value));
    v128.store(moved + from, f64x2.add(there, f64x2.mul(steps, value)));
  }
  if (at == rowBytes) return;
  addLast(a + at, 1, rowBytes, factors, step, sums + (at << 1), moved + (at << 1));
  addLast(b + at, 1, rowBytes, factors + 8, step, sums + (at << 1), moved + (at << 1));
  addLast(c + at, 1, rowBytes, factors + 16, step, sums + (at << 1), moved + (at << 1));
  addLast(d + at, 1, rowBytes, factors + 24, step, sums + (at << 1), moved + (at << 1));
}

function addBlock(
  first: usize,
  rows: u32,
  rowBytes: usize,
  factors: usize,
  step: f64,
  sums: usize,
  moved: usize,
): void {
  const steps = f64x2.splat(step);
  const factorsEnd = factors + (usize(rows) << 3);
  let at: usize = 0;
  for (const end = rowBytes & ~7; at < end; at += 8) {
    let value = f64x2.splat(0);
    let row = first + at;
    for (let factor = factors; factor < factorsEnd; factor += 8) {
      value = plusTimes(value, row, v128.load64_splat(factor));
      row += rowBytes;
    }
    value = rounded(value);
    const from = at << 1;
    v128.store(sums + from, f64x2.add(v128.load(sums + from), value));
    const change = f64x2.mul(steps, value);
    v128.store(moved + from, f64x2.add(v128.load(moved + from), change));
  }
  if (at < rowBytes)
    addLast(first + at, rows, rowBytes, factors, step, sums + (at << 1), moved + (at << 1));
}

/** Of one column. */
function addLast(
  row: usize,
  rows: u32,
  rowBytes: usize,
  factors: usize,
  step: f64,
  sum: usize,
  there: usize,
): void {
  let value: f64 = 0;
  for (const end = factors + (usize(rows) << 3); factors < end; factors += 8) {
    value += f64(f32.load(row)) * f64.load(factors);
    row += rowBytes;
  }
  value = f64(f32(value));
  f64.store(sum, f64.load(sum) + value);
  f64.store(there, f64.load(there) + step * value);
}

@inline
function plusTimes(sum: v128, values: usize, factor: v128): v128 {
  const two = f64x2.promote_low_f32x4(v128.load64_zero(values));
  return f64x2.add(sum, f64x2.mul(two, factor));
}

/** To float32 and back. */
@inline
function rounded(two: v128): v128 {
  return f64x2.promote_low_f32x4(f32x4.demote_f64x2_zero(two));
}
