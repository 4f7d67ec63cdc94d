import { packColumns, packFour, tile } from "./matrices";

/**
 * Causal attention in several heads over rows of [queries, keys, values], each [heads, side], of
 * `images` times so many positions. What a position must not see is not computed: its weight is
 * zero, and a zero adds nothing. Terms are added in their order, as products of whole matrices do.
 */
@unmanaged
class Shape {
  images: i32;
  positions: i32;
  heads: i32;
  side: i32;
  scale: f32;
}

/** Far below zero: where a position would see a later one. */
const far: f32 = -1e9;

/** Room of a head: 128 bytes to spare, a square of positions, packed columns, a strip of rows. */
@inline
function squareRow(positions: i32): usize {
  return usize((positions + 7) & ~7) << 2;
}

/** Queries times keys times the scale, [images, heads, positions, positions]. */
export function causalScores(shape: usize, joint: usize, out: usize, room: usize): void {
  const about = changetype<Shape>(shape);
  const positions = about.positions;
  const heads = about.heads;
  const side = about.side;
  const row = usize(3 * heads * side) << 2;
  const outRow = usize(positions) << 2;
  const group = usize(heads * side) << 2;
  for (let image = 0; image < about.images; image++) {
    for (let head = 0; head < heads; head++) {
      const queries = joint + (usize(head * side) << 2);
      lowerProduct(queries, row, queries + group, row, positions, side, out, outRow, room);
      for (let i = 0; i < positions; i++) {
        const here = out + usize(i) * outRow;
        for (let j = 0; j < positions; j++) {
          const at = here + (usize(j) << 2);
          f32.store(at, j > i ? far : f32.load(at) * about.scale);
        }
      }
      out += usize(positions) * outRow;
    }
    joint += usize(positions) * row;
  }
}

/** Weights times values, [images, positions, heads, side]. */
export function causalMix(
  shape: usize,
  joint: usize,
  weights: usize,
  out: usize,
  room: usize,
): void {
  const about = changetype<Shape>(shape);
  const positions = about.positions;
  const heads = about.heads;
  const side = about.side;
  const width = usize(heads * side) << 2;
  const seenRow = usize(positions) << 2;
  for (let image = 0; image < about.images; image++) {
    for (let head = 0; head < heads; head++) {
      const own = usize(head * side) << 2;
      const values = joint + 2 * width + own;
      rowsSeen(weights, seenRow, values, 3 * width, positions, side, out + own, width, room);
      weights += usize(positions) * seenRow;
    }
    joint += usize(positions) * 3 * width;
    out += usize(positions) * width;
  }
}

/** Of slopes in what came out, [images, positions, heads, side], those in queries, keys, values. */
export function causalSlopes(
  shape: usize,
  joint: usize,
  weights: usize,
  slopes: usize,
  out: usize,
  room: usize,
): void {
  const about = changetype<Shape>(shape);
  const positions = about.positions;
  const heads = about.heads;
  const side = about.side;
  const width = usize(heads * side) << 2;
  const row = 3 * width;
  const seenRow = usize(positions) << 2;
  const square = room + 128;
  const squareBytes = squareRow(positions);
  const rest = square + usize((positions + 3) & ~3) * squareBytes;
  for (let image = 0; image < about.images; image++) {
    for (let head = 0; head < heads; head++) {
      const own = usize(head * side) << 2;
      const queries = joint + own;
      const keys = queries + width;
      const values = keys + width;
      const back = slopes + own;
      const to = out + own;
      lowerInto(back, width, values, row, positions, side, square, squareBytes, rest, room);
      throughSoftmax(square, squareBytes, weights, positions, about.scale);
      seenInto(square, squareBytes, keys, row, positions, side, to, row, rest, room);
      seenBy(square, squareBytes, queries, row, positions, side, to + width, row, rest, room);
      seenBy(weights, seenRow, back, width, positions, side, to + 2 * width, row, rest, room);
      weights += usize(positions) * seenRow;
    }
    joint += usize(positions) * row;
    slopes += usize(positions) * width;
    out += usize(positions) * row;
  }
}

@inline
function lowerProduct(
  a: usize,
  aRow: usize,
  b: usize,
  bRow: usize,
  positions: i32,
  side: i32,
  out: usize,
  outRow: usize,
  room: usize,
): void {
  lowerInto(a, aRow, b, bRow, positions, side, out, outRow, room + 128, room);
}

@inline
function rowsSeen(
  a: usize,
  aRow: usize,
  b: usize,
  bRow: usize,
  positions: i32,
  side: i32,
  out: usize,
  outRow: usize,
  room: usize,
): void {
  seenInto(a, aRow, b, bRow, positions, side, out, outRow, room + 128, room);
}

/** A B' of positions, as far as each row sees, in eights. */
function lowerInto(
  a: usize,
  aRow: usize,
  b: usize,
  bRow: usize,
  positions: i32,
  side: i32,
  out: usize,
  outRow: usize,
  packed: usize,
  spare: usize,
): void {
  packColumns(b, 4, bRow, side, positions, packed);
  const panelBytes = usize(side) << 5;
  for (let i = 0; i < positions; i += 4) {
    let panel = packed;
    const strip = a + usize(i) * aRow;
    const here = out + usize(i) * outRow;
    for (let j = 0; j < min(positions, i + 4); j += 8) {
      const at = here + (usize(j) << 2);
      tile(strip, aRow, panel, side, at, outRow, positions - i, positions - j, 0, spare);
      panel += panelBytes;
    }
  }
}

/** A B, A zero beyond what each row sees. */
function seenInto(
  a: usize,
  aRow: usize,
  b: usize,
  bRow: usize,
  positions: i32,
  side: i32,
  out: usize,
  outRow: usize,
  packed: usize,
  spare: usize,
): void {
  packColumns(b, bRow, 4, positions, side, packed);
  const panelBytes = usize(positions) << 5;
  for (let i = 0; i < positions; i += 4) {
    const terms = min(positions, i + 4);
    const strip = a + usize(i) * aRow;
    let panel = packed;
    const here = out + usize(i) * outRow;
    for (let j = 0; j < side; j += 8) {
      const at = here + (usize(j) << 2);
      tile(strip, aRow, panel, terms, at, outRow, positions - i, side - j, 0, spare);
      panel += panelBytes;
    }
  }
}

/** A' B, A zero beyond what each row sees: of a position what later ones and itself have of it. */
function seenBy(
  a: usize,
  aRow: usize,
  b: usize,
  bRow: usize,
  positions: i32,
  side: i32,
  out: usize,
  outRow: usize,
  packed: usize,
  spare: usize,
): void {
  packColumns(b, bRow, 4, positions, side, packed);
  const panelBytes = usize(positions) << 5;
  const strip = packed + panelBytes * usize((side + 7) >> 3);
  for (let i = 0; i < positions; i += 4) {
    const terms = positions - i;
    packFour(a + usize(i) * aRow + (usize(i) << 2), 4, aRow, terms, positions - i, strip, 16);
    let panel = packed + (usize(i) << 5);
    const here = out + usize(i) * outRow;
    for (let j = 0; j < side; j += 8) {
      const at = here + (usize(j) << 2);
      tile(strip, 0, panel, terms, at, outRow, positions - i, side - j, 0, spare);
      panel += panelBytes;
    }
  }
}

/** Slopes in weights become slopes in products, by fours of rows; zeros beyond what a row sees. */
function throughSoftmax(
  square: usize,
  squareBytes: usize,
  weights: usize,
  positions: i32,
  scale: f32,
): void {
  const seenRow = usize(positions) << 2;
  for (let i = 0; i < positions; i += 4) {
    const rows = min(4, positions - i);
    const terms = min(positions, i + 4);
    for (let r = 0; r < rows; r++) {
      const here = square + usize(i + r) * squareBytes;
      const seen = weights + usize(i + r) * seenRow;
      let sum: f32 = 0;
      for (let at: usize = 0; at < usize(i + r + 1) << 2; at += 4) {
        const product = f32.load(here + at) * f32.load(seen + at);
        f32.store(here + at, product);
        sum += product;
      }
      for (let j = 0; j < terms; j++) {
        const at = usize(j) << 2;
        const slope = (f32.load(here + at) - sum * f32.load(seen + at)) * scale;
        f32.store(here + at, j > i + r ? 0 : slope);
      }
    }
  }
}
