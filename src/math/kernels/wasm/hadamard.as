/**
 * The fast Walsh-Hadamard transform down the columns of a row-major block of doubles, in place: the
 * sums of `hadamardColumns` in the same order. Eight columns at a time are copied to `slab`, 64
 * bytes a row, where they stay in the cache through all stages.
 */
export function hadamard(values: usize, size: i32, columns: i32, slab: usize): void {
  const stride = usize(columns) << 3;
  for (let column = 0; column < columns; column += 8) {
    const bytes = usize(min(8, columns - column)) << 3;
    const from = values + (usize(column) << 3);
    if (bytes == 64) {
      for (let row: usize = 0; row < usize(size); row++)
        copyRow(slab + (row << 6), from + row * stride);
    } else {
      memory.fill(slab, 0, usize(size) << 6);
      for (let row = 0; row < size; row++)
        memory.copy(slab + (usize(row) << 6), from + usize(row) * stride, bytes);
    }
    let half = 1;
    for (; half << 2 <= size; half <<= 2) twoStages(slab, size, half);
    if (half < size) oneStage(slab, size, half);
    if (bytes == 64) {
      for (let row: usize = 0; row < usize(size); row++)
        copyRow(from + row * stride, slab + (row << 6));
    } else {
      for (let row = 0; row < size; row++)
        memory.copy(from + usize(row) * stride, slab + (usize(row) << 6), bytes);
    }
  }
}

@inline
function copyRow(to: usize, from: usize): void {
  v128.store(to, v128.load(from));
  v128.store(to, v128.load(from, 16), 16);
  v128.store(to, v128.load(from, 32), 32);
  v128.store(to, v128.load(from, 48), 48);
}

function oneStage(slab: usize, size: i32, half: i32): void {
  const stride = usize(half) << 6;
  for (let block = 0; block < size; block += half << 1) {
    let at = slab + (usize(block) << 6);
    for (const end = at + stride; at < end; at += 16) {
      const a = v128.load(at);
      const b = v128.load(at + stride);
      v128.store(at, f64x2.add(a, b));
      v128.store(at + stride, f64x2.sub(a, b));
    }
  }
}

function twoStages(slab: usize, size: i32, half: i32): void {
  const stride = usize(half) << 6;
  for (let block = 0; block < size; block += half << 2) {
    let at = slab + (usize(block) << 6);
    for (const end = at + stride; at < end; at += 16) {
      const second = at + stride;
      const third = second + stride;
      const fourth = third + stride;
      const a = v128.load(at);
      const b = v128.load(second);
      const c = v128.load(third);
      const d = v128.load(fourth);
      const sum = f64x2.add(a, b);
      const difference = f64x2.sub(a, b);
      const sumBelow = f64x2.add(c, d);
      const differenceBelow = f64x2.sub(c, d);
      v128.store(at, f64x2.add(sum, sumBelow));
      v128.store(second, f64x2.add(difference, differenceBelow));
      v128.store(third, f64x2.sub(sum, sumBelow));
      v128.store(fourth, f64x2.sub(difference, differenceBelow));
    }
  }
}
