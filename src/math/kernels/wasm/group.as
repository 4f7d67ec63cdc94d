/** What is done with a group of rows. */
export const multiplying: i32 = 1;
export const adding: i32 = 2;
/** What is unpacked is kept. */
export const keeping: i32 = 4;
/** What is unpacked is no larger than it is. */
export const careful: i32 = 8;

/**
 * Bytes of lanes, for 128 columns, whose products are summed in float32 before they join the double
 * sum: 32 of them in each of four lanes.
 */
export const chunkBytes: usize = 1024;

/** The bytes of all lanes for so many columns: half of them are weights, half sums. */
@inline
export function laneBytes(columns: i32): usize {
  return usize((columns + 7) >> 3) << 6;
}
