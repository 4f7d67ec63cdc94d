/**
 * The sum of a row and of those that stand where a list tells, one after another. As many lines of
 * memory at once as there are registers for.
 */
@inline
export function addListed<T>(
  first: usize,
  list: usize,
  end: usize,
  bytes: usize,
  sum: usize,
): void {
  let at: usize = 0;
  for (; at + 128 <= bytes; at += 128) addTwoLines<T>(first + at, list, end, at, sum + at);
  for (; at + 64 <= bytes; at += 64) addOneLine<T>(first + at, list, end, at, sum + at);
  for (; at + 16 <= bytes; at += 16) {
    let a = v128.load(first + at);
    for (let next = list; next < end; next += 4)
      a = v128.add<T>(a, v128.load(usize(load<u32>(next)) + at));
    v128.store(sum + at, a);
  }
  for (; at < bytes; at += sizeof<T>()) {
    let a = load<T>(first + at);
    for (let next = list; next < end; next += 4)
      a = (a + load<T>(usize(load<u32>(next)) + at)) as T;
    store<T>(sum + at, a);
  }
}

@inline
function addOneLine<T>(row: usize, list: usize, end: usize, at: usize, sum: usize): void {
  let a = v128.load(row), b = v128.load(row, 16), c = v128.load(row, 32), d = v128.load(row, 48);
  for (let next = list; next < end; next += 4) {
    row = usize(load<u32>(next)) + at;
    a = v128.add<T>(a, v128.load(row));
    b = v128.add<T>(b, v128.load(row, 16));
    c = v128.add<T>(c, v128.load(row, 32));
    d = v128.add<T>(d, v128.load(row, 48));
  }
  v128.store(sum, a);
  v128.store(sum, b, 16);
  v128.store(sum, c, 32);
  v128.store(sum, d, 48);
}

@inline
function addTwoLines<T>(row: usize, list: usize, end: usize, at: usize, sum: usize): void {
  let a = v128.load(row), b = v128.load(row, 16), c = v128.load(row, 32), d = v128.load(row, 48);
  let e = v128.load(row, 64), f = v128.load(row, 80), g = v128.load(row, 96);
  let h = v128.load(row, 112);
  for (let next = list; next < end; next += 4) {
    row = usize(load<u32>(next)) + at;
    a = v128.add<T>(a, v128.load(row));
    b = v128.add<T>(b, v128.load(row, 16));
    c = v128.add<T>(c, v128.load(row, 32));
    d = v128.add<T>(d, v128.load(row, 48));
    e = v128.add<T>(e, v128.load(row, 64));
    f = v128.add<T>(f, v128.load(row, 80));
    g = v128.add<T>(g, v128.load(row, 96));
    h = v128.add<T>(h, v128.load(row, 112));
  }
  v128.store(sum, a);
  v128.store(sum, b, 16);
  v128.store(sum, c, 32);
  v128.store(sum, d, 48);
  v128.store(sum, e, 64);
  v128.store(sum, f, 80);
  v128.store(sum, g, 96);
  v128.store(sum, h, 112);
}

/**
 * Onto a row of doubles, weight times row after row. An entry of the list is where a row stands and
 * where its part does, `weightAt` into which the weight stands.
 */
@inline
export function weighListed<T>(
  begun: usize,
  list: usize,
  end: usize,
  columns: usize,
  weightAt: usize,
  sum: usize,
): void {
  const width = sizeof<T>();
  let j: usize = 0;
  for (; j + 8 <= columns; j += 8) {
    const from = begun + (j << 3);
    let a = v128.load(from), b = v128.load(from, 16);
    let c = v128.load(from, 32), d = v128.load(from, 48);
    for (let next = list; next < end; next += 8) {
      const row = usize(load<u32>(next)) + j * width;
      const weight = v128.load64_splat(usize(load<u32>(next, 4)) + weightAt);
      a = f64x2.add(a, f64x2.mul(weight, pair<T>(row)));
      b = f64x2.add(b, f64x2.mul(weight, pair<T>(row + 2 * width)));
      c = f64x2.add(c, f64x2.mul(weight, pair<T>(row + 4 * width)));
      d = f64x2.add(d, f64x2.mul(weight, pair<T>(row + 6 * width)));
    }
    const to = sum + (j << 3);
    v128.store(to, a);
    v128.store(to, b, 16);
    v128.store(to, c, 32);
    v128.store(to, d, 48);
  }
  for (; j < columns; j++) {
    let a = load<f64>(begun + (j << 3));
    for (let next = list; next < end; next += 8) {
      const row = usize(load<u32>(next)) + j * width;
      a += load<f64>(usize(load<u32>(next, 4)) + weightAt) * (load<T>(row) as f64);
    }
    store<f64>(sum + (j << 3), a);
  }
}

/** Two numbers as doubles. */
@inline
function pair<T>(at: usize): v128 {
  if (sizeof<T>() == 8) return v128.load(at);
  return f64x2.promote_low_f32x4(v128.load64_zero(at));
}
