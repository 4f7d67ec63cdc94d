import { adding, chunkBytes, laneBytes, multiplying } from "./group";
import { addTotal, plus } from "./octets";

/**
 * Multiplies the four float32 rows at `next` by the weights, to four doubles at `out`, and adds the
 * four rows at `last` times their float32 `factors` to the sums: one of the two, or both in one go,
 * so that the next rows come from memory while the last ones, still in the cache, are worked on.
 * `what` is a constant. Of a group of fewer rows the last one is repeated, its factor 0.
 */
@inline
export function plainGroup(
  what: i32,
  next: usize,
  nextCount: i32,
  last: usize,
  lastCount: i32,
  stride: usize,
  lanes: usize,
  columns: i32,
  factors: usize,
  out: usize,
): void {
  let p = next;
  let q = nextCount > 1 ? p + stride : p;
  let r = nextCount > 2 ? q + stride : q;
  let s = nextCount > 3 ? r + stride : r;
  let pp = last;
  let qq = lastCount > 1 ? pp + stride : pp;
  let rr = lastCount > 2 ? qq + stride : qq;
  let ss = lastCount > 3 ? rr + stride : rr;
  const e = v128.load32_splat(factors);
  const f = v128.load32_splat(factors, 4);
  const g = v128.load32_splat(factors, 8);
  const h = v128.load32_splat(factors, 12);
  const full = lanes + (usize(columns >> 3) << 6);
  const end = lanes + laneBytes(columns);
  while (lanes < end) {
    let stop = min(lanes + chunkBytes, full);
    if (lanes == full) {
      const back = usize(8 - (columns & 7)) << 2;
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
      if (what & multiplying) {
        const u = v128.load(lanes);
        const v = v128.load(lanes, 16);
        a = plus(plus(a, v128.load(p), u), v128.load(p, 16), v);
        b = plus(plus(b, v128.load(q), u), v128.load(q, 16), v);
        c = plus(plus(c, v128.load(r), u), v128.load(r, 16), v);
        d = plus(plus(d, v128.load(s), u), v128.load(s, 16), v);
        p += 32;
        q += 32;
        r += 32;
        s += 32;
      }
      if (what & adding) {
        let low = v128.load(lanes, 32);
        let high = v128.load(lanes, 48);
        low = plus(plus(low, v128.load(pp), e), v128.load(qq), f);
        low = plus(plus(low, v128.load(rr), g), v128.load(ss), h);
        high = plus(plus(high, v128.load(pp, 16), e), v128.load(qq, 16), f);
        high = plus(plus(high, v128.load(rr, 16), g), v128.load(ss, 16), h);
        v128.store(lanes, low, 32);
        v128.store(lanes, high, 48);
        pp += 32;
        qq += 32;
        rr += 32;
        ss += 32;
      }
      lanes += 64;
    } while (lanes < stop);
    if (what & multiplying) {
      addTotal(out, a);
      addTotal(out + 8, b);
      addTotal(out + 16, c);
      addTotal(out + 24, d);
    }
  }
}
