/**
 * Blocks of up to four rows whose entries are +a or -a: of a block's column a byte tells the signs,
 * 16 times a number of four bits, one a row. The operations, their order and so the bits are those
 * of plain loops over the entries: a product with -a is the negative of that with a.
 */

/**
 * Adds to `products` (four doubles a block, a row each) the products of rows with a slab's columns.
 * The first `dense` columns have entries of their own, as float32 numbers, four a column; of the
 * others `sources` are times a already. `masks` has the sign bits of every byte, `stride` bytes and
 * `denseStride` ones lead from a block to the next. Every fourth column has a sum of its own.
 */
export function signProducts(
  signs: usize,
  stride: usize,
  entries: usize,
  denseStride: usize,
  blocks: i32,
  columns: i32,
  dense: i32,
  sources: usize,
  masks: usize,
  products: usize,
): void {
  for (; blocks > 0; blocks--) {
    oneProduct(signs, entries, columns, dense, sources, masks, products);
    signs += stride;
    entries += denseStride;
    products += 32;
  }
}

@inline
function oneProduct(
  signs: usize,
  entries: usize,
  columns: i32,
  dense: i32,
  sources: usize,
  masks: usize,
  products: usize,
): void {
  let a = f64x2.splat(0), b = a, c = a, d = a, e = a, f = a, g = a, h = a;
  let at = sources;
  let sign = signs;
  const quads = columns & ~3;
  let j = 0;
  // Until signs begin at a fourth column the sums change their places instead.
  for (const end = min(dense, columns); j < end; j++) {
    const four = v128.load(entries);
    const w = v128.load64_splat(at);
    const top = v128.shuffle<f32>(four, four, 2, 3, 2, 3);
    a = f64x2.add(a, f64x2.mul(f64x2.promote_low_f32x4(four), w));
    b = f64x2.add(b, f64x2.mul(f64x2.promote_low_f32x4(top), w));
    entries += 16;
    at += 8;
    if (j >= quads) continue;
    const first = a, second = b;
    a = c;
    b = d;
    c = e;
    d = f;
    e = g;
    f = h;
    g = first;
    h = second;
  }
  for (; j < quads && (j & 3) != 0; j++) {
    const mask = masks + (usize(load<u8>(sign)) << 1);
    const w = v128.load64_splat(at);
    const first = f64x2.add(a, v128.xor(w, v128.load(mask)));
    const second = f64x2.add(b, v128.xor(w, v128.load(mask, 16)));
    sign++;
    at += 8;
    a = c;
    b = d;
    c = e;
    d = f;
    e = g;
    f = h;
    g = first;
    h = second;
  }
  for (; j < quads; j += 4) {
    let mask = masks + (usize(load<u8>(sign)) << 1);
    let w = v128.load64_splat(at);
    a = f64x2.add(a, v128.xor(w, v128.load(mask)));
    b = f64x2.add(b, v128.xor(w, v128.load(mask, 16)));
    mask = masks + (usize(load<u8>(sign, 1)) << 1);
    w = v128.load64_splat(at, 8);
    c = f64x2.add(c, v128.xor(w, v128.load(mask)));
    d = f64x2.add(d, v128.xor(w, v128.load(mask, 16)));
    mask = masks + (usize(load<u8>(sign, 2)) << 1);
    w = v128.load64_splat(at, 16);
    e = f64x2.add(e, v128.xor(w, v128.load(mask)));
    f = f64x2.add(f, v128.xor(w, v128.load(mask, 16)));
    mask = masks + (usize(load<u8>(sign, 3)) << 1);
    w = v128.load64_splat(at, 24);
    g = f64x2.add(g, v128.xor(w, v128.load(mask)));
    h = f64x2.add(h, v128.xor(w, v128.load(mask, 16)));
    sign += 4;
    at += 32;
  }
  for (; j < columns; j++) {
    const mask = masks + (usize(load<u8>(sign)) << 1);
    const w = v128.load64_splat(at);
    a = f64x2.add(a, v128.xor(w, v128.load(mask)));
    b = f64x2.add(b, v128.xor(w, v128.load(mask, 16)));
    sign++;
    at += 8;
  }
  const two = f64x2.add(f64x2.add(a, c), f64x2.add(e, g));
  const others = f64x2.add(f64x2.add(b, d), f64x2.add(f, h));
  v128.store(products, f64x2.add(v128.load(products), two));
  v128.store(products, f64x2.add(v128.load(products, 16), others), 16);
}

/**
 * Adds what blocks make of their factors to pairs of doubles, column after column: as it is, and
 * times the step. Of each listed block `tables` has 16 such pairs, one for every byte of signs.
 */
export function addSignSums(
  list: usize,
  count: i32,
  tables: usize,
  signs: usize,
  stride: usize,
  columns: i32,
  pairs: usize,
): void {
  for (; count >= 4; count -= 4) {
    let p = signs + usize(load<u32>(list)) * stride;
    let q = signs + usize(load<u32>(list, 4)) * stride;
    let r = signs + usize(load<u32>(list, 8)) * stride;
    let s = signs + usize(load<u32>(list, 12)) * stride;
    let pair = pairs;
    for (const end = pairs + (usize(columns) << 4); pair < end; pair += 16) {
      let both = f64x2.add(v128.load(pair), v128.load(tables + usize(load<u8>(p))));
      both = f64x2.add(both, v128.load(tables + usize(load<u8>(q)), 256));
      both = f64x2.add(both, v128.load(tables + usize(load<u8>(r)), 512));
      v128.store(pair, f64x2.add(both, v128.load(tables + usize(load<u8>(s)), 768)));
      p++;
      q++;
      r++;
      s++;
    }
    list += 16;
    tables += 1_024;
  }
  for (; count > 0; count--) {
    let p = signs + usize(load<u32>(list)) * stride;
    let pair = pairs;
    for (const end = pairs + (usize(columns) << 4); pair < end; pair += 16) {
      v128.store(pair, f64x2.add(v128.load(pair), v128.load(tables + usize(load<u8>(p)))));
      p++;
    }
    list += 4;
    tables += 256;
  }
}
