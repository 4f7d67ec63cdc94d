/**
 * A bias, where there is one, to every row of so many units, in place; with `isRectified` what is
 * below zero then becomes zero.
 */
export function biasUnits(x: usize, rows: i32, units: i32, bias: usize, isRectified: i32): void {
  const rowBytes = usize(units) << 2;
  for (let row = 0; row < rows; row++, x += rowBytes) {
    let at: usize = 0;
    for (; at + 16 <= rowBytes; at += 16) {
      let four = v128.load(x + at);
      if (bias) four = f32x4.add(four, v128.load(bias + at));
      if (isRectified) four = v128.andnot(four, f32x4.lt(four, f32x4.splat(0)));
      v128.store(x + at, four);
    }
    for (; at < rowBytes; at += 4) {
      let one = f32.load(x + at);
      if (bias) one += f32.load(bias + at);
      f32.store(x + at, isRectified && one < 0 ? 0 : one);
    }
  }
}

/** Slopes behind units that were at zero or below become zero, in place. */
export function stopSlopes(x: usize, slopes: usize, length: i32): void {
  const end = x + (usize(length) << 2);
  for (; x + 16 <= end; x += 16, slopes += 16) {
    const isStopped = f32x4.le(v128.load(x), f32x4.splat(0));
    v128.store(slopes, v128.andnot(v128.load(slopes), isStopped));
  }
  for (; x < end; x += 4, slopes += 4) if (f32.load(x) <= 0) f32.store(slopes, 0);
}
