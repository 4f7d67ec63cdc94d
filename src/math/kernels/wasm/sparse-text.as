import { numberEnd, plainDecimal, wholeNumber } from "./decimals";

const newline: u8 = 0x0a;
const colon: u8 = 0x3a;
const hash: u8 = 0x23;

/**
 * Reads lines `label index:value ...` between `at` and `end`: values as float32 and indices from 0,
 * entry after entry from number `entry` on. For each row three integers at `rows`: where its label
 * begins and ends, and the number of its last entry plus 1. Lines of blanks are none. Stops before
 * the first line that holds anything else, or no line end. Zeroes follow `end`. Writes to `state`
 * where it stopped and how many lines that was; returns the rows.
 */
export function sparseRows(
  at: usize,
  end: usize,
  firstIndex: i32,
  featuresMax: i32,
  values: usize,
  indices: usize,
  rows: usize,
  entry: i32,
  state: usize,
): i32 {
  let row = 0;
  let lines = 0;
  let from = at;
  let entries = entry;
  let to = rows;
  while (from < end) {
    let place = afterBlanks(from);
    if (load<u8>(place) == newline) {
      if (place >= end) break;
      lines++;
      from = place + 1;
      continue;
    }
    const label = place;
    while (isOfLabel(load<u8>(place))) place++;
    const labelEnd = place;
    place = entriesOf(place, firstIndex, featuresMax, values, indices, entries);
    if (place == 0 || place >= end) break;
    store<i32>(to, i32(label));
    store<i32>(to, i32(labelEnd), 4);
    store<i32>(to, entriesEnd, 8);
    to += 12;
    entries = entriesEnd;
    row++;
    lines++;
    from = place + 1;
  }
  store<i32>(state, i32(from));
  store<i32>(state, lines, 4);
  return row;
}

let entriesEnd: i32 = 0;

/** The line's newline, or 0 where it is not plain. */
function entriesOf(
  at: usize,
  firstIndex: i32,
  featuresMax: i32,
  values: usize,
  indices: usize,
  entry: i32,
): usize {
  let from = at;
  let previous: i64 = -1;
  let count = entry;
  let token = afterBlanks(from);
  while (load<u8>(token) != newline) {
    if (token == from) return 0;
    const index = i64(wholeNumber(token)) - i64(firstIndex);
    from = numberEnd;
    if (from == 0 || load<u8>(from) != colon) return 0;
    if (index <= previous || index >= i64(featuresMax)) return 0;
    previous = index;
    const value = plainDecimal(from + 1);
    from = numberEnd;
    if (from == 0) return 0;
    store<f32>(values + (usize(count) << 2), f32(value));
    store<u32>(indices + (usize(count) << 2), u32(index));
    count++;
    token = afterBlanks(from);
    if (token == from && load<u8>(from) != newline) return 0;
  }
  entriesEnd = count;
  return token;
}

@inline
function isBlank(byte: u8): bool {
  return byte == 0x20 || byte == 0x09 || byte == 0x0d;
}

@inline
function isOfLabel(byte: u8): bool {
  return byte != 0 && byte != hash && byte != newline && !isBlank(byte);
}

function afterBlanks(at: usize): usize {
  let from = at;
  while (isBlank(load<u8>(from))) from++;
  return from;
}
