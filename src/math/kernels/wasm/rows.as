import { first, load, plus, second, total, upperHalves } from "./octets";

/** Columns whose products are summed in float32 before they join the double sum, in bytes of lanes. */
const chunkBytes: usize = 1024;

/** Four rows' products with the weights in `lanes` to `out`, doubles. `count` of them are there. */
@inline
export function multiplyRows<T>(
  rows: usize,
  count: i32,
  stride: usize,
  lanes: usize,
  columns: i32,
  out: usize,
): void {
  const upper = upperHalves(out + 48);
  let p = rows;
  let q = count > 1 ? p + stride : p;
  let r = count > 2 ? q + stride : q;
  let s = count > 3 ? r + stride : r;
  let sumP: f64 = 0, sumQ: f64 = 0, sumR: f64 = 0, sumS: f64 = 0;
  const full = lanes + (usize(columns >> 3) << 6);
  const end = lanes + (usize((columns + 7) >> 3) << 6);
  while (lanes < end) {
    let stop = min(lanes + chunkBytes, full);
    if (lanes == full) {
      const back = usize(8 - (columns & 7)) * sizeof<T>();
      p -= back;
      q -= back;
      r -= back;
      s -= back;
      stop = end;
    }
    let a = f32x4.splat(0), b = a, c = a, d = a;
    do {
      const u = v128.load(lanes);
      const v = v128.load(lanes, 16);
      let x = load<T>(p);
      a = plus(plus(a, first<T>(x), u), second<T>(p, x, upper), v);
      x = load<T>(q);
      b = plus(plus(b, first<T>(x), u), second<T>(q, x, upper), v);
      x = load<T>(r);
      c = plus(plus(c, first<T>(x), u), second<T>(r, x, upper), v);
      x = load<T>(s);
      d = plus(plus(d, first<T>(x), u), second<T>(s, x, upper), v);
      lanes += 64;
      p += 8 * sizeof<T>();
      q += 8 * sizeof<T>();
      r += 8 * sizeof<T>();
      s += 8 * sizeof<T>();
    } while (lanes < stop);
    sumP += total(a);
    sumQ += total(b);
    sumR += total(c);
    sumS += total(d);
  }
  f64.store(out, sumP);
  f64.store(out, sumQ, 8);
  f64.store(out, sumR, 16);
  f64.store(out, sumS, 24);
}

/** Adds four rows times their `factors`, float32, to the sums in `lanes`. */
@inline
export function addRows<T>(
  rows: usize,
  count: i32,
  stride: usize,
  lanes: usize,
  columns: i32,
  factors: usize,
): void {
  const upper = upperHalves(factors + 16);
  let p = rows;
  let q = count > 1 ? p + stride : p;
  let r = count > 2 ? q + stride : q;
  let s = count > 3 ? r + stride : r;
  const a = v128.load32_splat(factors);
  const b = v128.load32_splat(factors, 4);
  const c = v128.load32_splat(factors, 8);
  const d = v128.load32_splat(factors, 12);
  const full = lanes + (usize(columns >> 3) << 6);
  const end = lanes + (usize((columns + 7) >> 3) << 6);
  while (lanes < end) {
    let stop = full;
    if (lanes == full) {
      const back = usize(8 - (columns & 7)) * sizeof<T>();
      p -= back;
      q -= back;
      r -= back;
      s -= back;
      stop = end;
    }
    do {
      let x = load<T>(p);
      let low = plus(v128.load(lanes, 32), first<T>(x), a);
      let high = plus(v128.load(lanes, 48), second<T>(p, x, upper), a);
      x = load<T>(q);
      low = plus(low, first<T>(x), b);
      high = plus(high, second<T>(q, x, upper), b);
      x = load<T>(r);
      low = plus(low, first<T>(x), c);
      high = plus(high, second<T>(r, x, upper), c);
      x = load<T>(s);
      low = plus(low, first<T>(x), d);
      high = plus(high, second<T>(s, x, upper), d);
      v128.store(lanes, low, 32);
      v128.store(lanes, high, 48);
      lanes += 64;
      p += 8 * sizeof<T>();
      q += 8 * sizeof<T>();
      r += 8 * sizeof<T>();
      s += 8 * sizeof<T>();
    } while (lanes < stop);
  }
}
