/** How long a pipeline's tasks were expected to take, in ms, from their start to their reply. */
export interface StageTimes {
  /** By stage; 0 where its backward task does both passes. */
  readonly forward: readonly number[];
  readonly backward: readonly number[];
  /** By part of the weights. */
  readonly update: readonly number[];
}
