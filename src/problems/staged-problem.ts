import type { CutModel, CutRequest, StageEngine } from "../model-parallel/staged-model.ts";

type Read = (key: string) => Promise<Uint8Array | null>;

/** A problem whose model may be cut into stages, each of them computed by itself. */
export interface StagedProblem {
  /** Cuts the model; what is in the store is read with `read`. */
  cut(read: Read, request: CutRequest): Promise<CutModel>;
  /** A stage by its file in the store; the second time it costs nothing. */
  open(file: string, read: Read): Promise<StageEngine>;
}
