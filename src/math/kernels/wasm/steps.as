/**
 * Steps of rows that `ids` name along float32 slopes, whose rows begin where `places` tells: each
 * number of theirs in doubles, at `here`, becomes less by rate x (slope / divisor), and at `at`
 * stands the nearest float32. A slope of -0 counts as 0. A row that begins, whose byte at `begun`
 * is 0, has at `here` what stands at `at`.
 */
export function stepFloatRows(
  ids: usize,
  count: i32,
  places: usize,
  columns: i32,
  here: usize,
  at: usize,
  begun: usize,
  divisor: f64,
  rate: f64,
): u32 {
  const end = ids + (usize(count) << 2);
  // Dividing by a power of two is multiplying by one: the same bits, in less time.
  const isPower = (reinterpret<u64>(divisor) & 0xfffffffffffff) == 0;
  const group = max<usize>(1, askedBytes / (usize(columns) * 12)) << 2;
  let ahead = ids;
  let asked: u32 = 0;
  for (; ids < end; ids += 4) {
    if (ids == ahead) {
      ahead = min(end, ids + group);
      if (group > 4) asked |= askForRows(ids, ahead, columns, here, at);
    }
    const id = load<u32>(ids);
    const from = usize(id) * usize(columns);
    const double = here + (from << 3);
    const float = at + (from << 2);
    if (load<u8>(begun + id) == 0) {
      store<u8>(begun + id, 1);
      widen(double, float, columns);
    }
    const slopes = usize(load<u32>(places));
    if (isPower) stepRow(true, double, float, slopes, columns, 1 / divisor, rate);
    else stepRow(false, double, float, slopes, columns, divisor, rate);
    places += 4;
  }
  return asked;
}

/** So many bytes are asked for at once. */
const askedBytes: usize = 8192;

function askForRows(ids: usize, stop: usize, columns: i32, here: usize, at: usize): u32 {
  let asked: u32 = 0;
  const bytes = usize(columns) << 2;
  for (; ids < stop; ids += 4) {
    const from = usize(load<u32>(ids)) * bytes;
    const double = here + (from << 1);
    for (let line: usize = 0; line < bytes << 1; line += 64) asked |= load<u32>(double + line);
    for (let line: usize = 0; line < bytes; line += 64) asked |= load<u32>(at + from + line);
  }
  return asked;
}

@inline
function stepRow(
  isFactor: bool,
  double: usize,
  float: usize,
  slopes: usize,
  columns: i32,
  by: f64,
  rate: f64,
): void {
  const bys = f64x2.splat(by);
  const rates = f64x2.splat(rate);
  const zeros = f32x4.splat(0);
  const end = slopes + (usize(columns & ~3) << 2);
  for (; slopes < end; slopes += 16) {
    const four = f32x4.add(v128.load(slopes), zeros);
    const two = v128.shuffle<f32>(four, four, 2, 3, 2, 3);
    let low = f64x2.promote_low_f32x4(four);
    let high = f64x2.promote_low_f32x4(two);
    low = isFactor ? f64x2.mul(low, bys) : f64x2.div(low, bys);
    high = isFactor ? f64x2.mul(high, bys) : f64x2.div(high, bys);
    low = f64x2.sub(v128.load(double), f64x2.mul(rates, low));
    high = f64x2.sub(v128.load(double, 16), f64x2.mul(rates, high));
    v128.store(double, low);
    v128.store(double, high, 16);
    const lowest = f32x4.demote_f64x2_zero(low);
    const highest = f32x4.demote_f64x2_zero(high);
    v128.store(float, v128.shuffle<f32>(lowest, highest, 0, 1, 4, 5));
    double += 32;
    float += 16;
  }
  for (let j = columns & ~3; j < columns; j++) {
    const slope = f64(f32.load(slopes)) + 0;
    const next = f64.load(double) - rate * (isFactor ? slope * by : slope / by);
    f64.store(double, next);
    f32.store(float, f32(next));
    slopes += 4;
    double += 8;
    float += 4;
  }
}

@inline
function widen(double: usize, float: usize, columns: i32): void {
  for (let j = 0; j < columns; j++) {
    f64.store(double, f64(f32.load(float)));
    double += 8;
    float += 4;
  }
}
