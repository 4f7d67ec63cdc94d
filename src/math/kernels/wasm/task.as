/**
 * What one call works on, as the host writes it (`task.ts`): fifteen numbers of 32 bits. Addresses
 * are bytes; 0 stands for nothing.
 */
@unmanaged
export class Task {
  /** What rows are stored as: 0 float32, 1 bfloat16, 2 int8, 3 sparse float32. */
  storage: u32;
  /** 0 least squares, 1 logistic, 2 margins alone, 3 rows times given factors. */
  operation: u32;
  rows: i32;
  columns: i32;
  stripeRows: i32;
  values: usize;
  /** Sparse: column indices and where rows begin; int8: a factor for each row. */
  indices: usize;
  offsets: usize;
  scales: usize;
  targets: usize;
  /** How much each row counts, or 0: all once. */
  counts: usize;
  weights: usize;
  /** Doubles: sums for each stripe, losses for each stripe, a margin or factor for each row. */
  sums: usize;
  losses: usize;
  margins: usize;
}
