import { first, load, plus, second, total, upperHalves } from "./octets";

const chunkBytes: usize = 1024;

/**
 * `multiplyRows` of the next four rows and `addRows` of the last four in one go: the next ones come
 * from memory while the last ones, still in the cache, are worked on. `last` has all its four.
 */
@inline
export function multiplyAndAdd<T>(
  next: usize,
  count: i32,
  last: usize,
  stride: usize,
  lanes: usize,
  columns: i32,
  factors: usize,
  out: usize,
): void {
  const upper = upperHalves(out + 48);
  let p = next;
  let q = count > 1 ? p + stride : p;
  let r = count > 2 ? q + stride : q;
  let s = count > 3 ? r + stride : r;
  let pp = last;
  let qq = pp + stride;
  let rr = qq + stride;
  let ss = rr + stride;
  const e = v128.load32_splat(factors);
  const f = v128.load32_splat(factors, 4);
  const g = v128.load32_splat(factors, 8);
  const h = v128.load32_splat(factors, 12);
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
      pp -= back;
      qq -= back;
      rr -= back;
      ss -= back;
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
      x = load<T>(pp);
      let low = plus(v128.load(lanes, 32), first<T>(x), e);
      let high = plus(v128.load(lanes, 48), second<T>(pp, x, upper), e);
      x = load<T>(qq);
      low = plus(low, first<T>(x), f);
      high = plus(high, second<T>(qq, x, upper), f);
      x = load<T>(rr);
      low = plus(low, first<T>(x), g);
      high = plus(high, second<T>(rr, x, upper), g);
      x = load<T>(ss);
      low = plus(low, first<T>(x), h);
      high = plus(high, second<T>(ss, x, upper), h);
      v128.store(lanes, low, 32);
      v128.store(lanes, high, 48);
      lanes += 64;
      p += 8 * sizeof<T>();
      q += 8 * sizeof<T>();
      r += 8 * sizeof<T>();
      s += 8 * sizeof<T>();
      pp += 8 * sizeof<T>();
      qq += 8 * sizeof<T>();
      rr += 8 * sizeof<T>();
      ss += 8 * sizeof<T>();
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
