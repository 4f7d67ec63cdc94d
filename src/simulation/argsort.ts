/** The indices of some numbers, least number first; equal ones stay in their order. */
export function argsort(values: Float64Array): Uint32Array<ArrayBuffer> {
  const { length } = values;
  let from = new Uint32Array(length);
  let to = new Uint32Array(length);
  for (let i = 0; i < length; i++) from[i] = i;
  // A sort that is told how to compare calls a function for it, which takes several times as long.
  for (let width = 1; width < length; width *= 2) {
    for (let start = 0; start < length; start += 2 * width) merge(values, from, to, start, width);
    [from, to] = [to, from];
  }
  return from;
}

/** Merges two neighbouring runs of `width` that are in order each. */
function merge(
  values: Float64Array,
  from: Uint32Array,
  to: Uint32Array,
  start: number,
  width: number,
): void {
  const middle = Math.min(start + width, values.length);
  const end = Math.min(start + 2 * width, values.length);
  let left = start;
  let right = middle;
  for (let at = start; at < end; at++) {
    const isLeft = right >= end || (left < middle && values[from[left]!]! <= values[from[right]!]!);
    to[at] = from[isLeft ? left++ : right++]!;
  }
}
