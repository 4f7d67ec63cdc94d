/**
 * Adds rows to sums, one after another. `places` has for each of them twice the row of the sums
 * that it belongs to, and one more where it is the first there: it is added to the row at `blank`,
 * all negative zeros, which changes no number, so that what stood in the sums does not count and
 * nothing has to be guessed. All are packed, rows of so many columns.
 */
export function addFloatRows(
  places: usize,
  count: i32,
  values: usize,
  sums: usize,
  columns: i32,
  blank: usize,
): void {
  addRows<f32>(places, count, values, sums, columns, blank);
}

export function addDoubleRows(
  places: usize,
  count: i32,
  values: usize,
  sums: usize,
  columns: i32,
  blank: usize,
): void {
  addRows<f64>(places, count, values, sums, columns, blank);
}

/** Of a row that is as long as a line of memory nothing has to be counted. */
const lineBytes: usize = 64;

@inline
function addRows<T>(
  places: usize,
  count: i32,
  values: usize,
  sums: usize,
  columns: i32,
  blank: usize,
): void {
  const rowBytes = usize(columns) * sizeof<T>();
  const end = places + (usize(count) << 2);
  if (rowBytes == lineBytes) {
    for (; places < end; places += 4) {
      const place = load<u32>(places);
      const to = sums + usize(place >>> 1) * lineBytes;
      addLine<T>(to, select<usize>(blank, to, (place & 1) != 0), values);
      values += lineBytes;
    }
    return;
  }
  for (; places < end; places += 4) {
    const place = load<u32>(places);
    const to = sums + usize(place >>> 1) * rowBytes;
    addRow<T>(to, select<usize>(blank, to, (place & 1) != 0), values, rowBytes);
    values += rowBytes;
  }
}

/** A row and another one, to a third, which may be one of them. */
@inline
export function addRow<T>(to: usize, base: usize, from: usize, bytes: usize): void {
  let at: usize = 0;
  for (; at + lineBytes <= bytes; at += lineBytes) addLine<T>(to + at, base + at, from + at);
  for (; at + 16 <= bytes; at += 16)
    v128.store(to + at, v128.add<T>(v128.load(base + at), v128.load(from + at)));
  for (; at < bytes; at += sizeof<T>())
    store<T>(to + at, load<T>(base + at) + load<T>(from + at));
}

@inline
function addLine<T>(to: usize, base: usize, from: usize): void {
  const a = v128.add<T>(v128.load(base), v128.load(from));
  const b = v128.add<T>(v128.load(base, 16), v128.load(from, 16));
  const c = v128.add<T>(v128.load(base, 32), v128.load(from, 32));
  const d = v128.add<T>(v128.load(base, 48), v128.load(from, 48));
  v128.store(to, a);
  v128.store(to, b, 16);
  v128.store(to, c, 32);
  v128.store(to, d, 48);
}
