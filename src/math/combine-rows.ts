/**
 * `out` = the sum of `factors[i]` times row i of the row-major `values`, over as many rows as there
 * are factors, from the row that begins at `from`; `out` has a row's length. Sums are in double
 * precision, in row order by fours: `out` is read and written once for four rows.
 */
export function combineRows(
  factors: Float64Array,
  values: Float64Array,
  from: number,
  out: Float64Array,
): Float64Array {
  const columns = out.length;
  out.fill(0);
  let row = 0;
  let a = from;
  for (; row + 3 < factors.length; row += 4) {
    const fa = factors[row]!;
    const fb = factors[row + 1]!;
    const fc = factors[row + 2]!;
    const fd = factors[row + 3]!;
    const b = a + columns;
    const c = b + columns;
    const d = c + columns;
    for (let j = 0; j < columns; j++) {
      const sum = fa * values[a + j]! + fb * values[b + j]!;
      out[j]! += sum + (fc * values[c + j]! + fd * values[d + j]!);
    }
    a = d + columns;
  }
  for (; row < factors.length; row++) {
    const factor = factors[row]!;
    for (let j = 0; j < columns; j++) out[j]! += factor * values[a + j]!;
    a += columns;
  }
  return out;
}
