import type { Clock } from "../ports/clock.ts";
import type { Compute } from "../ports/compute.ts";
import type { Store } from "../ports/store.ts";
import type { WorkerReply, WorkerTask } from "../tasks/protocol.ts";
import type { Lateness } from "./lateness.ts";
import type { PlatformModel } from "./slot-model.ts";

/** What is known of the place where a run is to run, handed to the planner by whoever knows it. */
export interface Machine {
  readonly platform: PlatformModel;
  readonly lateness: Lateness;
  /** What one task takes that goes through so many stored numbers, without lateness. */
  workMs(entries: number): number;
  /** Virtual time, and workers that only seem to be far away, for one rehearsal. */
  open(stage: PilotStage): {
    readonly clock: Clock;
    readonly compute: Compute<WorkerTask, WorkerReply>;
  };
  /** A store that is forgotten with the plan. */
  scratch(): Store;
}

export interface PilotStage {
  perform(task: WorkerTask): Promise<WorkerReply>;
  readonly workMs: number;
  readonly lateness: Lateness;
  readonly draw: number;
  /** The problem's, by which replies are known to weigh what they do. */
  readonly isMixable: boolean;
}
