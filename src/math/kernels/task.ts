/** What one pass works on, field by field as `wasm/task.as` reads it. 0 stands for nothing. */
export interface KernelTask {
  readonly storage: 0 | 1 | 2 | 3;
  readonly operation: 0 | 1 | 2 | 3;
  readonly rows: number;
  readonly columns: number;
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

export const kernelStorages = { float32: 0, bfloat16: 1, int8: 2, sparse: 3 } as const;
export const operations = { leastSquares: 0, logistic: 1, margins: 2, combine: 3 } as const;

/** Writes a task where the kernels read it. */
export function writeTask(memory: SharedArrayBuffer, at: number, task: KernelTask): void {
  const fields = new Uint32Array(memory, at, taskBytes / 4);
  fields[0] = task.storage;
  fields[1] = task.operation;
  fields[2] = task.rows;
  fields[3] = task.columns;
  fields[4] = task.stripeRows;
  fields[5] = task.values;
  fields[6] = task.indices;
  fields[7] = task.offsets;
  fields[8] = task.scales;
  fields[9] = task.targets;
  fields[10] = task.counts;
  fields[11] = task.weights;
  fields[12] = task.sums;
  fields[13] = task.losses;
  fields[14] = task.margins;
}
