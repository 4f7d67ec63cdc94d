/** What `addPoolSlopes` works on, as the host writes it (`tfjs/kernels/pooling.ts`). */
@unmanaged
class Pool {
  images: i32;
  inHeight: i32;
  inWidth: i32;
  channels: i32;
  outHeight: i32;
  outWidth: i32;
  strideHeight: i32;
  strideWidth: i32;
  filterHeight: i32;
  filterWidth: i32;
  /** How far windows reach beyond the image. */
  top: i32;
  left: i32;
}

/**
 * Adds each window's slope to the first of its largest numbers. Images are [image, y, x, channel];
 * a window that lies outside has none.
 */
export function addPoolSlopes(at: usize, values: usize, slopes: usize, sums: usize): void {
  const pool = changetype<Pool>(at);
  const channels = usize(pool.channels) << 2;
  const width = pool.inWidth;
  for (let image = 0; image < pool.images; image++) {
    const first = image * pool.inHeight * width;
    for (let y = 0; y < pool.outHeight; y++) {
      const top = y * pool.strideHeight - pool.top;
      const low = max(0, top);
      const high = min(pool.inHeight, top + pool.filterHeight);
      for (let x = 0; x < pool.outWidth; x++) {
        const left = x * pool.strideWidth - pool.left;
        const from = max(0, left);
        const to = min(width, left + pool.filterWidth);
        if (low < high && from < to) {
          const corner = usize(first + low * width + from) * channels;
          const line = usize(width) * channels;
          addSlopes(values, slopes, sums, channels, corner, line, high - low, to - from);
        }
        slopes += channels;
      }
    }
  }
}

/** Of one window, four channels at a time; without a branch that nobody can foretell. */
@inline
function addSlopes(
  values: usize,
  slopes: usize,
  sums: usize,
  channels: usize,
  corner: usize,
  line: usize,
  high: i32,
  wide: i32,
): void {
  let channel: usize = 0;
  for (; channel + 16 <= channels; channel += 16) {
    const best = largestFour(false, values, corner + channel, channels, line, high, wide);
    addSlope(sums + i32x4.extract_lane(best, 0), slopes + channel);
    addSlope(sums + i32x4.extract_lane(best, 1) + 4, slopes + channel + 4);
    addSlope(sums + i32x4.extract_lane(best, 2) + 8, slopes + channel + 8);
    addSlope(sums + i32x4.extract_lane(best, 3) + 12, slopes + channel + 12);
  }
  for (; channel < channels; channel += 4) {
    const best = largestFour(true, values, corner + channel, channels, line, high, wide);
    addSlope(sums + i32x4.extract_lane(best, 0), slopes + channel);
  }
}

/** Of four channels, or of `one` in the first lane, where the pixels are that are largest first. */
@inline
function largestFour(
  one: bool,
  values: usize,
  corner: usize,
  channels: usize,
  line: usize,
  high: i32,
  wide: i32,
): v128 {
  let best = i32x4.splat(corner);
  let largest = one ? v128.load32_zero(values + corner) : v128.load(values + corner);
  for (let i = 0; i < high; i++) {
    let here = corner + usize(i) * line;
    for (let j = 0; j < wide; j++, here += channels) {
      const value = one ? v128.load32_zero(values + here) : v128.load(values + here);
      best = v128.bitselect(i32x4.splat(here), best, f32x4.gt(value, largest));
      largest = f32x4.pmax(largest, value);
    }
  }
  return best;
}

@inline
function addSlope(sum: usize, slope: usize): void {
  f32.store(sum, f32.load(sum) + f32.load(slope));
}
