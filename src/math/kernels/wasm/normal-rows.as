/** Four rows side by side; those beyond the last are the last again. */
@inline
function rowAt(from: usize, row: i32, rows: i32, bytes: usize): usize {
  return from + usize(min(row, rows - 1)) * bytes;
}

/** One number of each of four rows. */
@inline
function four(a: usize, b: usize, c: usize, d: usize): v128 {
  let all = v128.load32_zero(a);
  all = v128.load32_lane(b, all, 1);
  all = v128.load32_lane(c, all, 2);
  return v128.load32_lane(d, all, 3);
}

/** Means of four rows, of each its numbers added one after another, and spreads as squares. */
function momentsOf(x: usize, row: i32, rows: i32, columns: i32, moments: usize): void {
  const bytes = usize(columns) << 2;
  const a = rowAt(x, row, rows, bytes);
  const b = rowAt(x, row + 1, rows, bytes);
  const c = rowAt(x, row + 2, rows, bytes);
  const d = rowAt(x, row + 3, rows, bytes);
  const terms = f32x4.splat(f32(columns));
  let sum = f32x4.splat(0);
  for (let at: usize = 0; at < bytes; at += 4)
    sum = f32x4.add(sum, four(a + at, b + at, c + at, d + at));
  const means = f32x4.div(sum, terms);
  sum = f32x4.splat(0);
  for (let at: usize = 0; at < bytes; at += 4) {
    const away = f32x4.sub(four(a + at, b + at, c + at, d + at), means);
    sum = f32x4.add(sum, f32x4.mul(away, away));
  }
  v128.store(moments, means);
  v128.store(moments, f32x4.div(sum, terms), 16);
}

/**
 * Rows of mean 0 and variance 1, times `gamma` and with `beta` added, each as long as a row; the
 * division and the last sum in double precision. `moments` has room for 32 bytes.
 */
export function normalizeRows(
  x: usize,
  rows: i32,
  columns: i32,
  gamma: usize,
  beta: usize,
  epsilon: f32,
  out: usize,
  moments: usize,
): void {
  const bytes = usize(columns) << 2;
  const full = bytes & ~15;
  for (let row = 0; row < rows; row++) {
    if ((row & 3) == 0) momentsOf(x, row, rows, columns, moments);
    const lane = moments + (usize(row & 3) << 2);
    const mean = f32.load(lane);
    const spread = f64(sqrt<f32>(f32.load(lane, 16) + epsilon));
    const from = x + usize(row) * bytes;
    let at: usize = 0;
    for (; at < full; at += 16) {
      const away = f32x4.sub(v128.load(from + at), f32x4.splat(mean));
      const scaled = f32x4.mul(away, v128.load(gamma + at));
      const added = v128.load(beta + at);
      const low = normal(scaled, added, spread);
      const high = normal(upper(scaled), upper(added), spread);
      v128.store(out + at, v128.shuffle<f32>(low, high, 0, 1, 4, 5));
    }
    for (; at < bytes; at += 4) {
      const scaled = (f32.load(from + at) - mean) * f32.load(gamma + at);
      f32.store(out + at, f32(f64(f32.load(beta + at)) + f64(scaled) / spread));
    }
    out += bytes;
  }
}

@inline
function upper(x: v128): v128 {
  return v128.shuffle<f32>(x, x, 2, 3, 2, 3);
}

@inline
function normal(scaled: v128, added: v128, spread: f64): v128 {
  const divided = f64x2.div(f64x2.promote_low_f32x4(scaled), f64x2.splat(spread));
  return f32x4.demote_f64x2_zero(f64x2.add(f64x2.promote_low_f32x4(added), divided));
}

/**
 * Of slopes in what came out, those in what went in, in three parts: by each number itself, by the
 * variance, by the mean; and those in `gamma` and `beta`, sums over the rows. `sums` has room for
 * 96 bytes.
 */
export function normalSlopes(
  x: usize,
  slopes: usize,
  rows: i32,
  columns: i32,
  gamma: usize,
  epsilon: f32,
  own: usize,
  byVariance: usize,
  byMean: usize,
  gammaSlopes: usize,
  betaSlopes: usize,
  sums: usize,
): void {
  const bytes = usize(columns) << 2;
  memory.fill(gammaSlopes, 0, bytes);
  memory.fill(betaSlopes, 0, bytes);
  for (let row = 0; row < rows; row++) {
    if ((row & 3) == 0) slopeSums(x, slopes, row, rows, columns, gamma, epsilon, sums);
    const lane = sums + (usize(row & 3) << 2);
    const mean = v128.load32_splat(lane);
    const factor = v128.load32_splat(lane, 32);
    const variance = v128.load32_splat(lane, 48);
    const shared = v128.load32_splat(lane, 64);
    const two = f32x4.splat(2);
    let at: usize = 0;
    for (; at + 16 <= bytes; at += 16) {
      const slope = v128.load(slopes + at);
      const away = f32x4.sub(v128.load(x + at), mean);
      v128.store(own + at, f32x4.mul(f32x4.mul(slope, factor), v128.load(gamma + at)));
      v128.store(byVariance + at, f32x4.mul(variance, f32x4.mul(away, two)));
      v128.store(byMean + at, shared);
      const more = f32x4.mul(slope, f32x4.mul(away, factor));
      v128.store(gammaSlopes + at, f32x4.add(v128.load(gammaSlopes + at), more));
      v128.store(betaSlopes + at, f32x4.add(v128.load(betaSlopes + at), slope));
    }
    for (; at < bytes; at += 4) {
      const slope = f32.load(slopes + at);
      const away = f32.load(x + at) - f32.load(lane);
      f32.store(own + at, slope * f32.load(lane, 32) * f32.load(gamma + at));
      f32.store(byVariance + at, f32.load(lane, 48) * (away * 2));
      f32.store(byMean + at, f32.load(lane, 64));
      const more = slope * (away * f32.load(lane, 32));
      f32.store(gammaSlopes + at, f32.load(gammaSlopes + at) + more);
      f32.store(betaSlopes + at, f32.load(betaSlopes + at) + slope);
    }
    x += bytes;
    slopes += bytes;
    own += bytes;
    byVariance += bytes;
    byMean += bytes;
  }
}

/**
 * Of four rows the means, variances, 1 / sqrt(variance + epsilon), and what goes to each number by
 * the variance and by the mean, 16 bytes each; `x` and `slopes` are those of the first of them.
 */
function slopeSums(
  x: usize,
  slopes: usize,
  row: i32,
  rows: i32,
  columns: i32,
  gamma: usize,
  epsilon: f32,
  sums: usize,
): void {
  const bytes = usize(columns) << 2;
  const left = rows - row;
  momentsOf(x, 0, left, columns, sums);
  const means = v128.load(sums);
  const one = f32x4.splat(1);
  const added = f32x4.add(v128.load(sums, 16), f32x4.splat(epsilon));
  const factor = f32x4.div(one, f32x4.sqrt(added));
  const cube = f32x4.mul(f32x4.mul(f32x4.mul(factor, factor), factor), f32x4.splat(-0.5));
  const minus = f32x4.mul(factor, f32x4.splat(-1));
  const a = rowAt(x, 0, left, bytes);
  const b = rowAt(x, 1, left, bytes);
  const c = rowAt(x, 2, left, bytes);
  const d = rowAt(x, 3, left, bytes);
  const e = slopes - x;
  let ofMeans = f32x4.splat(0);
  let ofVariances = ofMeans;
  for (let at: usize = 0; at < bytes; at += 4) {
    const away = f32x4.sub(four(a + at, b + at, c + at, d + at), means);
    const slope = four(a + e + at, b + e + at, c + e + at, d + e + at);
    const scaled = f32x4.mul(slope, v128.load32_splat(gamma + at));
    ofMeans = f32x4.add(ofMeans, f32x4.mul(minus, scaled));
    ofVariances = f32x4.add(ofVariances, f32x4.mul(f32x4.mul(cube, away), scaled));
  }
  const terms = f32x4.splat(f32(columns));
  const variance = f32x4.div(ofVariances, terms);
  let back = f32x4.splat(0);
  for (let at: usize = 0; at < bytes; at += 4) {
    const away = f32x4.sub(four(a + at, b + at, c + at, d + at), means);
    back = f32x4.add(back, f32x4.mul(variance, f32x4.mul(away, f32x4.splat(2))));
  }
  v128.store(sums, factor, 32);
  v128.store(sums, variance, 48);
  v128.store(sums, f32x4.div(f32x4.add(ofMeans, f32x4.neg(back)), terms), 64);
}
