/**
 * Adds rows to sums, one after another. `places` has for each of them twice the row of the sums
 * that it belongs to, and one more where it is the first there: it is added to the row at `blank`,
 * all negative zeros, which changes no number, so that what stood in the sums does not count and
 * nothing has to be guessed. All are packed, rows of so many columns. What it returns is nothing.
 */
export function addFloatRows(
  places: usize,
  count: i32,
  values: usize,
  sums: usize,
  columns: i32,
  blank: usize,
): u32 {
  return addRows<f32>(places, count, values, sums, columns, blank);
}

export function addDoubleRows(
  places: usize,
  count: i32,
  values: usize,
  sums: usize,
  columns: i32,
  blank: usize,
): u32 {
  return addRows<f64>(places, count, values, sums, columns, blank);
}

const lineBytes: usize = 64;
/**
 * So many bytes of sums are asked for before they are added to: scattered rows come from memory
 * side by side, where one after another would wait for each. Half of what is next to the processor
 * is left to the values.
 */
const askedBytes: usize = 8192;
/** Shorter rows are worked on many at a time as it is. */
const askedRowMin: usize = 128;

@inline
function addRows<T>(
  places: usize,
  count: i32,
  values: usize,
  sums: usize,
  columns: i32,
  blank: usize,
): u32 {
  const rowBytes = usize(columns) * sizeof<T>();
  const group = max<usize>(1, askedBytes / rowBytes) << 2;
  const end = places + (usize(count) << 2);
  let asked: u32 = 0;
  while (places < end) {
    const stop = min(end, places + group);
    if (group > 4 && rowBytes > askedRowMin) asked |= askFor(places, stop, sums, rowBytes);
    for (; places < stop; places += 4) {
      const place = load<u32>(places);
      const to = sums + usize(place >>> 1) * rowBytes;
      addRow<T>(to, select<usize>(blank, to, (place & 1) != 0), values, rowBytes);
      values += rowBytes;
    }
  }
  return asked;
}

/** Reads a number of each line; they are returned so that the reading is not left out. */
@inline
function askFor(places: usize, stop: usize, sums: usize, rowBytes: usize): u32 {
  let asked: u32 = 0;
  for (; places < stop; places += 4) {
    const to = sums + usize(load<u32>(places) >>> 1) * rowBytes;
    for (let line: usize = 0; line < rowBytes; line += lineBytes) asked |= load<u32>(to + line);
  }
  return asked;
}

@inline
function addRow<T>(to: usize, base: usize, from: usize, bytes: usize): void {
  let at: usize = 0;
  for (; at + 64 <= bytes; at += 64) {
    const a = v128.add<T>(v128.load(base + at), v128.load(from + at));
    const b = v128.add<T>(v128.load(base + at, 16), v128.load(from + at, 16));
    const c = v128.add<T>(v128.load(base + at, 32), v128.load(from + at, 32));
    const d = v128.add<T>(v128.load(base + at, 48), v128.load(from + at, 48));
    v128.store(to + at, a);
    v128.store(to + at, b, 16);
    v128.store(to + at, c, 32);
    v128.store(to + at, d, 48);
  }
  for (; at + 16 <= bytes; at += 16)
    v128.store(to + at, v128.add<T>(v128.load(base + at), v128.load(from + at)));
  for (; at < bytes; at += sizeof<T>())
    store<T>(to + at, load<T>(base + at) + load<T>(from + at));
}
