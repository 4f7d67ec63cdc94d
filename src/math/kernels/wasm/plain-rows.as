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
    // Whole lines of the cache at once: of rows that are multiples of 4 KiB apart the same columns
    // compete for its places, and what is left of a line may be gone when it is asked for.
    for (; lanes + 128 <= stop; lanes += 128) {
      if (what & multiplying) {
        const t = v128.load(lanes);
        const u = v128.load(lanes, 16);
        const v = v128.load(lanes, 64);
        const w = v128.load(lanes, 80);
        a = plus(plus(a, v128.load(p), t), v128.load(p, 16), u);
        a = plus(plus(a, v128.load(p, 32), v), v128.load(p, 48), w);
        b = plus(plus(b, v128.load(q), t), v128.load(q, 16), u);
        b = plus(plus(b, v128.load(q, 32), v), v128.load(q, 48), w);
        c = plus(plus(c, v128.load(r), t), v128.load(r, 16), u);
        c = plus(plus(c, v128.load(r, 32), v), v128.load(r, 48), w);
        d = plus(plus(d, v128.load(s), t), v128.load(s, 16), u);
        d = plus(plus(d, v128.load(s, 32), v), v128.load(s, 48), w);
        p += 64;
        q += 64;
        r += 64;
        s += 64;
      }
      if (what & adding) {
        let t = plus(v128.load(lanes, 32), v128.load(pp), e);
        let u = plus(v128.load(lanes, 48), v128.load(pp, 16), e);
        let v = plus(v128.load(lanes, 96), v128.load(pp, 32), e);
        let w = plus(v128.load(lanes, 112), v128.load(pp, 48), e);
        t = plus(t, v128.load(qq), f);
        u = plus(u, v128.load(qq, 16), f);
        v = plus(v, v128.load(qq, 32), f);
        w = plus(w, v128.load(qq, 48), f);
        t = plus(t, v128.load(rr), g);
        u = plus(u, v128.load(rr, 16), g);
        v = plus(v, v128.load(rr, 32), g);
        w = plus(w, v128.load(rr, 48), g);
        v128.store(lanes, plus(t, v128.load(ss), h), 32);
        v128.store(lanes, plus(u, v128.load(ss, 16), h), 48);
        v128.store(lanes, plus(v, v128.load(ss, 32), h), 96);
        v128.store(lanes, plus(w, v128.load(ss, 48), h), 112);
        pp += 64;
        qq += 64;
        rr += 64;
        ss += 64;
      }
    }
    while (lanes < stop) {
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
    }
    if (what & multiplying) {
      addTotal(out, a);
      addTotal(out + 8, b);
      addTotal(out + 16, c);
      addTotal(out + 24, d);
    }
  }
}
