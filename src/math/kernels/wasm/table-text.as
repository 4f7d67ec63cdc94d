import { numberEnd, plainDecimal } from "./decimals";

const newline: u8 = 0x0a;
const carriageReturn: u8 = 0x0d;
const quote: u8 = 0x22;
const fieldBytesMax: usize = 1048576;

/**
 * Reads rows of comma-separated text between `at` and `end` as doubles, row after row at `out`: a
 * plain decimal for each column whose byte in `reads` is 1; where that is 2, in the double's place
 * where the cell begins and ends; none for the others. Stops before the first row that holds
 * anything else, a quotation mark or no line end, and at `rowsMax`. Zeroes follow `end`. Writes to
 * `state` where it stopped and how many lines that was; returns the rows.
 */
export function tableRows(
  at: usize,
  end: usize,
  columns: i32,
  delimiter: i32,
  reads: usize,
  out: usize,
  rowsMax: i32,
  state: usize,
): i32 {
  let row = 0;
  let lines = 0;
  let to = out;
  let from = at;
  while (row < rowsMax) {
    from = afterBlankLines(from, end);
    lines += blankLines;
    const next = tableRow(from, end, columns, u8(delimiter), reads, to);
    if (next == 0) break;
    from = next;
    to = rowOut;
    row++;
    lines++;
  }
  store<i32>(state, i32(from));
  store<i32>(state, lines, 4);
  return row;
}

let blankLines: i32 = 0;
let rowOut: usize = 0;

function afterBlankLines(at: usize, end: usize): usize {
  let from = at;
  blankLines = 0;
  while (from < end) {
    const byte = load<u8>(from);
    if (byte == newline) from += 1;
    else if (byte == carriageReturn && load<u8>(from, 1) == newline) from += 2;
    else break;
    blankLines++;
  }
  return from;
}

/** Where the row ends, 0 where it is not plain. */
function tableRow(
  at: usize,
  end: usize,
  columns: i32,
  delimiter: u8,
  reads: usize,
  out: usize,
): usize {
  let from = at;
  let to = out;
  for (let column = 0; column < columns; column++) {
    const kind = load<u8>(reads + usize(column));
    if (kind == 1) {
      const value = plainDecimal(from);
      from = numberEnd;
      if (from == 0) return 0;
      store<f64>(to, value);
      to += 8;
    } else {
      if (load<u8>(from) == quote) return 0;
      const start = from;
      while (from < end && load<u8>(from) != delimiter && load<u8>(from) != newline) from++;
      if (from - start > fieldBytesMax) return 0;
      if (kind == 2) {
        const isLine = from > start && load<u8>(from) == newline;
        const isCut = isLine && load<u8>(from - 1) == carriageReturn;
        store<i32>(to, i32(start));
        store<i32>(to, i32(isCut ? from - 1 : from), 4);
        to += 8;
      }
    }
    let byte = load<u8>(from);
    if (byte == carriageReturn && load<u8>(from, 1) == newline) byte = load<u8>(++from);
    const isLast = column == columns - 1;
    if (from >= end || byte != (isLast ? newline : delimiter)) return 0;
    from++;
  }
  rowOut = to;
  return from;
}
