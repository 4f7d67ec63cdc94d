import { assert } from "../../core/errors.ts";
import { instantiateRows, type RowsInstance } from "./instance.ts";
import type { Matrix } from "./matrices.ts";

/** Columns of a strip; see `wasm/outer-sums.as`. */
const strip = 4;
/** Worked on at once. */
const inputsAtOnce = 32;
const unitsAtOnce = 128;
export const outerRowsMax = 256;

const inputStrips = 1_024;
const unitStrips = inputStrips + 8 * inputsAtOnce * outerRowsMax;
const sums = unitStrips + 8 * unitsAtOnce * outerRowsMax;
const end = sums + 8 * inputsAtOnce * unitsAtOnce;

/** Rows of `inputs` floats; those whose factor is 0 count as zeros, whatever they are. */
export interface OuterRows {
  readonly floats: Float32Array;
  readonly seen: Pick<Matrix, "at" | "rowStride">;
  readonly inputs: number;
  readonly factors: Float64Array;
}

/**
 * Adds every row's outer product with its `units` numbers of `scaled` to `out` at `from`, as
 * [inputs, units]. Rows count by pairs: each sum is `out` + (x a + y b) + ..., in doubles, so that
 * its bits are those of the plain loop. All are finite; of rows there are 256 at most.
 */
export function addOuterSums(
  rows: OuterRows,
  scaled: Float64Array,
  units: number,
  out: Float64Array,
  from: number,
): void {
  const count = rows.factors.length;
  assert(count <= outerRowsMax, "no more rows than there is room for");
  const { memory, kernels } = scratch();
  // The last row of an odd number has one of zeros beside it.
  const even = count + (count & 1);
  const block = new Float64Array(memory, sums, inputsAtOnce * unitsAtOnce);
  for (let unit = 0; unit < units; unit += unitsAtOnce) {
    const width = Math.min(unitsAtOnce, units - unit);
    const line = strip * Math.ceil(width / strip);
    fillUnits(new Float64Array(memory, unitStrips, line * even), scaled, units, unit, count);
    for (let input = 0; input < rows.inputs; input += inputsAtOnce) {
      const height = Math.min(inputsAtOnce, rows.inputs - input);
      const strips = Math.ceil(height / strip);
      fillInputs(new Float64Array(memory, inputStrips, strips * strip * even), rows, input, even);
      const at = from + input * units + unit;
      copyBlock(out, at, units, block, 0, line, height, width);
      kernels.addPairedOuter(inputStrips, strips, unitStrips, line / strip, even, sums);
      copyBlock(block, 0, line, out, at, units, height, width);
    }
  }
}

function fillInputs(
  strips: Float64Array,
  { floats, seen, inputs, factors }: OuterRows,
  input: number,
  even: number,
): void {
  let to = 0;
  for (let first = input; to < strips.length; first += strip) {
    const own = Math.min(strip, inputs - first);
    for (let row = 0; row < even; row++, to += strip) {
      const at = seen.at + row * seen.rowStride + first;
      const isZero = row >= factors.length || factors[row] === 0;
      if (own === strip && !isZero) {
        strips[to] = floats[at]!;
        strips[to + 1] = floats[at + 1]!;
        strips[to + 2] = floats[at + 2]!;
        strips[to + 3] = floats[at + 3]!;
      } else
        for (let i = 0; i < strip; i++) strips[to + i] = isZero || i >= own ? 0 : floats[at + i]!;
    }
  }
}

function fillUnits(
  strips: Float64Array,
  scaled: Float64Array,
  units: number,
  unit: number,
  count: number,
): void {
  let to = 0;
  const even = count + (count & 1);
  for (let first = unit; to < strips.length; first += strip) {
    const own = Math.min(strip, units - first);
    for (let row = 0; row < even; row++, to += strip)
      for (let i = 0; i < strip; i++)
        strips[to + i] = i < own && row < count ? scaled[row * units + first + i]! : 0;
  }
}

function copyBlock(
  of: Float64Array,
  ofAt: number,
  ofLine: number,
  to: Float64Array,
  toAt: number,
  toLine: number,
  height: number,
  width: number,
): void {
  if (ofLine === toLine && ofLine === width) {
    to.set(of.subarray(ofAt, ofAt + height * width), toAt);
    return;
  }
  for (let row = 0; row < height; row++)
    for (let i = 0; i < width; i++) to[toAt + row * toLine + i] = of[ofAt + row * ofLine + i]!;
}

let kept: RowsInstance | undefined;

function scratch(): RowsInstance {
  kept ??= instantiateRows(end);
  return kept;
}
