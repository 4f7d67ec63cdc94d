import type { RunRecord } from "../journal/run-record.ts";
import type { Clock } from "../ports/clock.ts";
import type { Compute } from "../ports/compute.ts";
import type { Store } from "../ports/store.ts";
import type { RunSpec } from "../spec/run-spec.ts";
import type { WorkerReply, WorkerTask } from "../tasks/protocol.ts";

/** A place where runs run: a store, a clock, and workers. */
export interface Backend {
  readonly name: string;
  readonly store: Store;
  /** A fresh one for every run: simulated time begins at 0. */
  open(record: RunRecord): { clock: Clock; compute: Compute<WorkerTask, WorkerReply> };
  close(): Promise<void>;
}

export interface BackendOptions {
  /** KOFN_HOME. */
  readonly home: string;
  readonly spec: RunSpec;
}
