import type { Random } from "../core/random.ts";
import type {
  CutModel,
  CutRequest,
  InitialWeights,
  StageEngine,
} from "../model-parallel/staged-model.ts";

type Read = (key: string) => Promise<Uint8Array | null>;

/** A problem whose model may be cut into stages, each of them computed by itself. */
export interface StagedProblem {
  /** Cuts the model; what is in the store is read with `read`. */
  cut(read: Read, request: CutRequest): Promise<CutModel>;
  /** A stage by its file in the store; the second time it costs nothing. */
  open(file: string, read: Read): Promise<StageEngine>;
  /** The same for whoever asks alone, and closes it. */
  load(file: string, read: Read): Promise<StageEngine>;
  /** The weights of `Problem.initial`, a tensor at a time. */
  initial(read: Read, random: Random): Promise<InitialWeights>;
  /** How many numbers a tally has. */
  readonly tallyLength: number;
  /** As `Problem.tally` of outputs that are there; penalties are left to whoever adds up. */
  tally(outputs: Float32Array, rows: OutputRows): Float64Array;
  /** Of two classes each row's score, higher for the second one; null where there is none. */
  scores(outputs: Float32Array, rows: OutputRows): Float64Array | null;
}

/** What outputs are compared with. */
export interface OutputRows {
  readonly targets: Float32Array;
  /** Of text also its tokens, a row after another. */
  readonly values: Float32Array;
}
