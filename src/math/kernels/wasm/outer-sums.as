/** Numbers of a strip: of a row, so many columns side by side. */
const stripColumns: i32 = 4;
const stripRow: usize = 32;

/**
 * C += A' B in doubles, two rows at a time: to each number x a + y b, of a row and the next, so
 * that its bits are those of a loop over such pairs. A and B are strips of four columns, each with
 * all `rows` of them one after another; `rows` is even. `c` has the lines of `aStrips` columns of A,
 * one number for each column of B.
 */
export function addPairedOuter(
  a: usize,
  aStrips: i32,
  b: usize,
  bStrips: i32,
  rows: i32,
  c: usize,
): void {
  const stripBytes = usize(rows) * stripRow;
  const line = usize(bStrips) * stripRow;
  for (let j = 0; j < bStrips; j++) {
    let from = a;
    let to = c + usize(j) * stripRow;
    for (let i = 0; i < aStrips; i++) {
      addTile(from, b, b + stripBytes, to, line);
      from += stripBytes;
      to += usize(stripColumns) * line;
    }
    b += stripBytes;
  }
}

/** Of four columns of A and of B. */
@inline
function addTile(a: usize, b: usize, end: usize, c: usize, line: usize): void {
  const d = c + line;
  const e = d + line;
  const f = e + line;
  let c0 = v128.load(c), c1 = v128.load(c, 16);
  let d0 = v128.load(d), d1 = v128.load(d, 16);
  let e0 = v128.load(e), e1 = v128.load(e, 16);
  let f0 = v128.load(f), f1 = v128.load(f, 16);
  for (; b < end; b += 64) {
    const p0 = v128.load(b), p1 = v128.load(b, 16);
    const q0 = v128.load(b, 32), q1 = v128.load(b, 48);
    let x = v128.load64_splat(a), y = v128.load64_splat(a, 32);
    c0 = f64x2.add(c0, f64x2.add(f64x2.mul(x, p0), f64x2.mul(y, q0)));
    c1 = f64x2.add(c1, f64x2.add(f64x2.mul(x, p1), f64x2.mul(y, q1)));
    x = v128.load64_splat(a, 8);
    y = v128.load64_splat(a, 40);
    d0 = f64x2.add(d0, f64x2.add(f64x2.mul(x, p0), f64x2.mul(y, q0)));
    d1 = f64x2.add(d1, f64x2.add(f64x2.mul(x, p1), f64x2.mul(y, q1)));
    x = v128.load64_splat(a, 16);
    y = v128.load64_splat(a, 48);
    e0 = f64x2.add(e0, f64x2.add(f64x2.mul(x, p0), f64x2.mul(y, q0)));
    e1 = f64x2.add(e1, f64x2.add(f64x2.mul(x, p1), f64x2.mul(y, q1)));
    x = v128.load64_splat(a, 24);
    y = v128.load64_splat(a, 56);
    f0 = f64x2.add(f0, f64x2.add(f64x2.mul(x, p0), f64x2.mul(y, q0)));
    f1 = f64x2.add(f1, f64x2.add(f64x2.mul(x, p1), f64x2.mul(y, q1)));
    a += 64;
  }
  v128.store(c, c0);
  v128.store(c, c1, 16);
  v128.store(d, d0);
  v128.store(d, d1, 16);
  v128.store(e, e0);
  v128.store(e, e1, 16);
  v128.store(f, f0);
  v128.store(f, f1, 16);
}
