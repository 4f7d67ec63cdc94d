/**
 * Adds rows to sums, one after another. `places` has for each of them twice the row of the sums
 * that it belongs to, and one more where it is the first there, which is copied: what stood in the
 * sums does not count. Both are packed, rows of so many columns.
 */
export function addFloatRows(
  places: usize,
  count: i32,
  values: usize,
  sums: usize,
  columns: i32,
): void {
  addRows<f32>(places, count, values, sums, columns);
}

export function addDoubleRows(
  places: usize,
  count: i32,
  values: usize,
  sums: usize,
  columns: i32,
): void {
  addRows<f64>(places, count, values, sums, columns);
}

@inline
function addRows<T>(places: usize, count: i32, values: usize, sums: usize, columns: i32): void {
  const rowBytes = usize(columns) * sizeof<T>();
  for (let row = 0; row < count; row++) {
    const place = load<u32>(places);
    const to = sums + usize(place >>> 1) * rowBytes;
    if (place & 1) copyRow<T>(to, values, rowBytes);
    else addRow<T>(to, values, rowBytes);
    places += 4;
    values += rowBytes;
  }
}

@inline
function addRow<T>(to: usize, from: usize, bytes: usize): void {
  let at: usize = 0;
  for (; at + 64 <= bytes; at += 64) {
    const a = v128.add<T>(v128.load(to + at), v128.load(from + at));
    const b = v128.add<T>(v128.load(to + at, 16), v128.load(from + at, 16));
    const c = v128.add<T>(v128.load(to + at, 32), v128.load(from + at, 32));
    const d = v128.add<T>(v128.load(to + at, 48), v128.load(from + at, 48));
    v128.store(to + at, a);
    v128.store(to + at, b, 16);
    v128.store(to + at, c, 32);
    v128.store(to + at, d, 48);
  }
  for (; at + 16 <= bytes; at += 16)
    v128.store(to + at, v128.add<T>(v128.load(to + at), v128.load(from + at)));
  for (; at < bytes; at += sizeof<T>())
    store<T>(to + at, load<T>(to + at) + load<T>(from + at));
}

@inline
function copyRow<T>(to: usize, from: usize, bytes: usize): void {
  let at: usize = 0;
  for (; at + 16 <= bytes; at += 16) v128.store(to + at, v128.load(from + at));
  for (; at < bytes; at += sizeof<T>()) store<T>(to + at, load<T>(from + at));
}
