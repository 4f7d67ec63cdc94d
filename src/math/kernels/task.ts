/** What one pass works on, field by field as `wasm/task.as` reads it. 0 stands for nothing. */
export interface Task {
  readonly storage: 0 | 1 | 2 | 3;
  readonly operation: 0 | 1 | 2 | 3;
  readonly rows: number;
  readonly columns: number;
  readonly strideBytes: number;
  readonly stripeRows: number;
  readonly values: number;
  readonly indices: number;
  readonly offsets: number;
  readonly scales: number;
  readonly targets: number;
  readonly counts: number;
  readonly weights: number;
  readonly sums: number;
  readonly losses: number;
  readonly margins: number;
}

export const taskBytes = 64;

export const storages = { float32: 0, bfloat16: 1, int8: 2, sparse: 3 } as const;
export const operations = { leastSquares: 0, logistic: 1, margins: 2, combine: 3 } as const;

/** Writes a task where the kernels read it. */
export function writeTask(memory: SharedArrayBuffer, at: number, task: Task): void {
  const fields = new Uint32Array(memory, at, taskBytes / 4);
  fields[0] = task.storage;
  fields[1] = task.operation;
  fields[2] = task.rows;
  fields[3] = task.columns;
  fields[4] = task.strideBytes;
  fields[5] = task.stripeRows;
  fields[6] = task.values;
  fields[7] = task.indices;
  fields[8] = task.offsets;
  fields[9] = task.scales;
  fields[10] = task.targets;
  fields[11] = task.counts;
  fields[12] = task.weights;
  fields[13] = task.sums;
  fields[14] = task.losses;
  fields[15] = task.margins;
}
