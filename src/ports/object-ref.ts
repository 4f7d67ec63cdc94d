/** What a tensor's numbers are, by their names in the safetensors format. */
export type ObjectDType = "F32" | "F64" | "I32" | "U32" | "U16" | "I8" | "U8";

/**
 * A tensor in the store. A task or a reply may hold this in the tensor's place: whoever computes
 * reads and writes the object, and the orchestrator hands the reference on without opening it.
 */
export interface ObjectRef {
  readonly key: string;
  /** Of the object's bytes: a reader takes no other content. */
  readonly sha256: string;
  readonly dtype: ObjectDType;
  readonly shape: readonly number[];
}

/** What a task takes from the store by reference, and what of its reply it leaves there. */
export interface TaskObjects {
  /** Steps count up. What lives for one step may go when a task of a later one starts. */
  readonly step: number;
  /** By the task's field that the tensor is put in. */
  readonly inputs?: { readonly [field: string]: ObjectRef | readonly ObjectRef[] };
  /** By the reply's field, which then holds an `ObjectRef`. */
  readonly keep?: { readonly [field: string]: KeptObject };
}

export interface KeptObject {
  /**
   * Unique within the run, and the same for every try: the second time writes the same bytes where
   * they are already. Parts between slashes.
   */
  readonly name: string;
  /** `step`: gone when the step is over. `run`: such as a part of the model. */
  readonly lifetime: "step" | "run";
  /** Of the tensor, where it is no vector. */
  readonly shape?: readonly number[];
}

const itemBytes = { F32: 4, F64: 8, I32: 4, U32: 4, U16: 2, I8: 1, U8: 1 } as const;

/** Of the tensor's numbers. */
export function objectBytes({ dtype, shape }: ObjectRef): number {
  return shape.reduce((product, length) => product * length, itemBytes[dtype]);
}
