/**
 * exp and log(1 + x) of two doubles at once, with the bits of the JavaScript engine's own: both go
 * by Sun's fdlibm, so that each operation here is one of its own in the same order.
 * `compiledLogOnePlus` has the bits of this compiler's own, which adds in another order.
 */

/** In memory: as literals the engine would make them anew at every use. */
const numbers: usize = memory.data<f64>([
  0.5, 1, 2,
  // 1 / ln 2, ln 2 in two parts, and what an integer is added to for its bits to stand last.
  1.44269504088896338700e+00, 6.93147180369123816490e-01, 1.90821492927058770002e-10,
  6755399441056767,
  // From x c / (2 - c) = exp(x) - 1 - x: c = x - x^2 (P1 + x^2 (P2 + ...)).
  1.66666666666666019037e-01, -2.77777777770155933842e-03, 6.61375632143793436117e-05,
  -1.65339022054652515390e-06, 4.13813679705723846039e-08,
  // log(1 + f) = f - f^2 / 2 + s (f^2 / 2 + s^2 (L1 + s^2 (L2 + ...))) with s = f / (2 + f).
  6.666666666666735130e-01, 3.999999999940941908e-01, 2.857142874366239149e-01,
  2.222219843214978396e-01, 1.818357216161805012e-01, 1.531383769920937332e-01,
  1.479819860511658591e-01,
]);

/** Where they are. */
const half = 0, one = 8, two = 16;
const invLn2 = 24, ln2High = 32, ln2Low = 40, toBits = 48;
const p1 = 56, p2 = 64, p3 = 72, p4 = 80, p5 = 88;
const l1 = 96, l2 = 104, l3 = 112, l4 = 120, l5 = 128, l6 = 136, l7 = 144;

@inline
function twice(at: usize): v128 {
  return v128.load64_splat(numbers + at);
}

@inline
function single(at: usize): f64 {
  return f64.load(numbers + at);
}

/** Bounds, which fdlibm tells by the upper words of doubles. */
const bounds: usize = memory.data<u64>([
  0x3fd62e4300000000, 0x3e30000000000000, 0x4086200000000000, 0x3fda827a00000000,
  0x3e20000000000000, 0x3ffffffd00000000, 0x3ca0000000000000,
]);
const halfLn2 = 0, visible = 8, normal = 16, nearRoot2 = 24;
const twoTerms = 32, near2 = 40, oneTerm = 48;

@inline
function bound(at: usize): v128 {
  return v128.load64_splat(bounds + at);
}

/** a + x y, rounded twice. */
@inline
function plus(a: v128, x: v128, y: v128): v128 {
  return f64x2.add(a, f64x2.mul(x, y));
}

/** exp(x) of x at most 0. */
@inline
export function exponential(x: v128): v128 {
  const size = f64x2.abs(x);
  const isFar = f64x2.ge(size, bound(halfLn2));
  const nearest = f64x2.trunc(f64x2.sub(f64x2.mul(twice(invLn2), x), twice(half)));
  const k = v128.and(nearest, isFar);
  const high = f64x2.sub(x, f64x2.mul(k, twice(ln2High)));
  const low = f64x2.mul(k, twice(ln2Low));
  const r = f64x2.sub(high, low);
  const t = f64x2.mul(r, r);
  let p = plus(twice(p4), t, twice(p5));
  p = plus(twice(p3), t, p);
  p = plus(twice(p2), t, p);
  p = plus(twice(p1), t, p);
  const c = f64x2.sub(r, f64x2.mul(t, p));
  const q = f64x2.div(f64x2.mul(r, c), f64x2.sub(twice(two), c));
  const y = f64x2.sub(twice(one), f64x2.sub(f64x2.sub(low, q), high));
  const power = i64x2.shl(f64x2.add(k, twice(toBits)), 52);
  const value = f64x2.mul(y, power);
  // From 2^-28 on and below 708, where the power of two is a normal number.
  const isUsual = v128.and(f64x2.ge(size, bound(visible)), f64x2.lt(size, bound(normal)));
  if (i64x2.all_true(isUsual)) return value;
  return mendedExponentials(x, value);
}

function mendedExponentials(x: v128, value: v128): v128 {
  const first = mendedExponential(f64x2.extract_lane(x, 0), f64x2.extract_lane(value, 0));
  const second = mendedExponential(f64x2.extract_lane(x, 1), f64x2.extract_lane(value, 1));
  return f64x2.replace_lane(f64x2.splat(first), 1, second);
}

function mendedExponential(x: f64, value: f64): f64 {
  const size = abs(x);
  if (!(size >= f64.load(bounds + visible))) return 1 + x;
  if (size < 708) return value;
  if (x < -7.45133219101941108420e+02) return 0;
  const k = trunc(single(invLn2) * x - 0.5);
  const high = x - k * single(ln2High);
  const low = k * single(ln2Low);
  const r = high - low;
  const t = r * r;
  const p = single(p2) + t * (single(p3) + t * (single(p4) + t * single(p5)));
  const c = r - t * (single(p1) + t * p);
  const y = 1 - (low - (r * c) / (2 - c) - high);
  if (k >= -1021) return y * powerOfTwo(i64(k));
  return y * powerOfTwo(i64(k) + 1000) * powerOfTwo(-1000);
}

@inline
function powerOfTwo(k: i64): f64 {
  return reinterpret<f64>((k + 1023) << 52);
}

/** log(1 + x) of x from 0 to 1. */
@inline
export function logOnePlus(x: v128): v128 {
  // Below sqrt(2) - 1 as it is, else by half of 1 + x, and what was rounded off that.
  const isLow = f64x2.lt(x, bound(nearRoot2));
  const sum = f64x2.add(twice(one), x);
  const rest = f64x2.div(f64x2.sub(x, f64x2.sub(sum, twice(one))), sum);
  const f = v128.bitselect(x, f64x2.sub(f64x2.mul(sum, twice(half)), twice(one)), isLow);
  const halfSquare = f64x2.mul(f64x2.mul(twice(half), f), f);
  const s = f64x2.div(f, f64x2.add(twice(two), f));
  const z = f64x2.mul(s, s);
  let p = plus(twice(l6), z, twice(l7));
  p = plus(twice(l5), z, p);
  p = plus(twice(l4), z, p);
  p = plus(twice(l3), z, p);
  p = plus(twice(l2), z, p);
  p = f64x2.mul(z, plus(twice(l1), z, p));
  const more = v128.andnot(f64x2.add(twice(ln2Low), rest), isLow);
  const tail = f64x2.add(f64x2.mul(s, f64x2.add(halfSquare, p)), more);
  const below = f64x2.sub(f64x2.sub(halfSquare, tail), f);
  const value = f64x2.sub(v128.andnot(twice(ln2High), isLow), below);
  // Below 2^-29 two terms do.
  const short = f64x2.sub(x, f64x2.mul(f64x2.mul(x, x), twice(half)));
  const all = v128.bitselect(short, value, f64x2.lt(x, bound(twoTerms)));
  const isTop = f64x2.ge(sum, bound(near2));
  if (!v128.any_true(isTop)) return all;
  return mendedLogs(x, all);
}

function mendedLogs(x: v128, value: v128): v128 {
  const first = mendedLog(f64x2.extract_lane(x, 0), f64x2.extract_lane(value, 0));
  const second = mendedLog(f64x2.extract_lane(x, 1), f64x2.extract_lane(value, 1));
  return f64x2.replace_lane(f64x2.splat(first), 1, second);
}

/** Where 1 + x is nearly 2. */
function mendedLog(x: f64, value: f64): f64 {
  const sum = 1 + x;
  if (!(sum >= f64.load(bounds + near2))) return value;
  const rest = (sum >= 2 ? 1 - (sum - x) : x - (sum - 1)) / sum;
  const f = sum * 0.5 - 1;
  const halfSquare = 0.5 * f * f;
  const more = rest + single(ln2Low);
  if (f == 0) return single(ln2High) + more;
  const square = halfSquare * (1 - 0.66666666666666666 * f);
  return single(ln2High) - (square - more - f);
}

/** log(1 + x) of x from 0 to 1, with the bits of `NativeMath.log1p`. */
@inline
export function compiledLogOnePlus(x: v128): v128 {
  const isLow = f64x2.lt(x, bound(nearRoot2));
  const sum = f64x2.add(twice(one), x);
  const rest = f64x2.div(f64x2.sub(x, f64x2.sub(sum, twice(one))), sum);
  const f = v128.bitselect(x, f64x2.sub(f64x2.mul(sum, twice(half)), twice(one)), isLow);
  const halfSquare = f64x2.mul(f64x2.mul(twice(half), f), f);
  const s = f64x2.div(f, f64x2.add(twice(two), f));
  const z = f64x2.mul(s, s);
  const w = f64x2.mul(z, z);
  const even = f64x2.mul(w, plus(twice(l2), w, plus(twice(l4), w, twice(l6))));
  const inner = plus(twice(l3), w, plus(twice(l5), w, twice(l7)));
  const r = f64x2.add(f64x2.mul(z, plus(twice(l1), w, inner)), even);
  const more = v128.andnot(f64x2.add(twice(ln2Low), rest), isLow);
  const first = f64x2.add(f64x2.mul(s, f64x2.add(halfSquare, r)), more);
  const second = f64x2.add(f64x2.sub(first, halfSquare), f);
  const value = f64x2.add(second, v128.andnot(twice(ln2High), isLow));
  return v128.bitselect(x, value, f64x2.lt(x, bound(oneTerm)));
}
