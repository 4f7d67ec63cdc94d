/**
 * Ranks ids where they stand: each becomes twice its rank among the rows that there are, and one
 * more where it stands there for the first time. Ids that there are go to `distinct`, ascending;
 * how many they are comes back, or -1 where one is of no row. `marks` has eight bytes for every 32
 * rows: which of them there are, a bit each, and how many there are before. So few bytes stay next
 * to the processor, however ids jump. Rows are at most 2^31, as the upper bit tells the first.
 */
export function rankRows(
  ids: usize,
  count: i32,
  rows: u32,
  marks: usize,
  distinct: usize,
): i32 {
  const marksEnd = marks + (((usize(rows) + 31) >>> 5) << 3);
  const end = ids + (usize(count) << 2);
  memory.fill(marks, 0, marksEnd - marks);
  for (let at = ids; at < end; at += 4) {
    const id = load<u32>(at);
    if (id >= rows) return -1;
    const word = wordOf(marks, id);
    const bit: u32 = 1 << (id & 31);
    const bits = load<u32>(word);
    store<u32>(word, bits | bit);
    store<u32>(at, id | (u32((bits & bit) == 0) << 31));
  }
  const all = countBefore(marks, marksEnd, distinct);
  for (let at = ids; at < end; at += 4) {
    const told = load<u32>(at);
    const word = load<u64>(wordOf(marks, told & 0x7fff_ffff));
    const below = u32(word) & ((1 << (told & 31)) - 1);
    const rank = u32(word >>> 32) + popcnt<u32>(below);
    store<u32>(at, (rank << 1) | (told >>> 31));
  }
  return all;
}

@inline
function wordOf(marks: usize, id: u32): usize {
  return marks + (usize(id >>> 5) << 3);
}

/** Beside the bits of every 32 rows how many are before them; writes the rows that there are. */
function countBefore(marks: usize, marksEnd: usize, distinct: usize): i32 {
  let before: u32 = 0;
  let row: u32 = 0;
  for (let word = marks; word < marksEnd; word += 8) {
    let bits = load<u32>(word);
    store<u32>(word, before, 4);
    before += popcnt<u32>(bits);
    for (; bits != 0; bits &= bits - 1) {
      store<u32>(distinct, row + ctz<u32>(bits));
      distinct += 4;
    }
    row += 32;
  }
  return before;
}
