import type { Encoded, Prepared } from "../data/manifests.ts";
import type { Encoding } from "../encoding/encoding.ts";
import type { Strategy } from "../engine/strategy.ts";
import type { PipelineRates } from "../model-parallel/pipeline-setting.ts";
import type { StagesForecast } from "../model-parallel/plan-pipeline.ts";
import type { ModelRef } from "../ports/model-ref.ts";
import type { ObjectRef } from "../ports/object-ref.ts";
import type { StageTimes } from "../ports/stage-times.ts";
import type { Store } from "../ports/store.ts";
import type { Problem } from "../problems/problem.ts";
import type { WaitPolicy } from "../quorum/wait-policies/policy.ts";
import type { Wait } from "../quorum/wait-policies/wait.ts";
import type { RunSpec } from "../spec/run-spec.ts";
import type { WorkerReply, WorkerTask } from "../tasks/protocol.ts";
import type { TensorArray } from "../wire/safetensors.ts";
import type { Accepts } from "./accepts.ts";

/** A way of training, as a spec names it: what it refuses, what it stores, how it proceeds. */
export interface StrategyDefinition {
  /** What it takes of the other families; the rest is refused. */
  readonly accepts: Accepts;
  /** What a spec that leaves them out gets, where that is not the problem's usual. */
  readonly usual?: {
    readonly encoding?: string;
    readonly optimizer?: string;
    readonly wait?: Wait;
  };
  /** How many workers it takes; absent: as many as the spec says. */
  readonly workers?: number;
  /**
   * Groups of its workers that work side by side: what an encoding deals to, and a wait counts.
   * Absent: each worker by itself.
   */
  readonly replicas?: number;
  /** The spec with what only its data, once encoded, have decided. */
  settle?(spec: RunSpec, encoded: Encoded): RunSpec;
  /** The run that it goes on from: its weights and what else its state holds. */
  readonly continues?: string;
  /** Whom it waits for, in words; absent: what the spec's `wait` says. */
  readonly waitInWords?: string;
  /** It ends at the optimum itself, whichever replies are lost. */
  readonly isExact?: true;
  /**
   * Of its states: raised with every change of a field's name or meaning, in the state itself and
   * in all that it holds. A checkpoint names the one it was written in.
   */
  readonly stateVersion: number;
  /**
   * A state that was saved under an older version, as it is now; null for one that cannot be had.
   * Absent where no older one is known.
   */
  migrate?(state: object, version: number): object | null;
  /**
   * Refuses what cannot work beyond what it accepts, before anything is read: throws `RunError`
   * with the reason.
   */
  check?(spec: RunSpec, parts: Members): void;
  /** Needs the largest eigenvalue of X'X/n before the first round. */
  needsCurvature(spec: RunSpec): boolean;
  /** Steps along X'X/n as a whole, where there are few enough features, instead of its largest. */
  needsGram?(spec: RunSpec, problem: Problem, prepared: Pick<Prepared, "columns">): boolean;
  /** What a private run publishes, and to whom; of those that take `privacy`. */
  privacyPlan?(spec: RunSpec): PrivacyPlan;
  /**
   * The planner's clock knows its rounds: all slots are asked for gradients, and once more along a
   * direction where the optimizer searches.
   */
  readonly hasTimeModel?: true;
  /** What the optimizer steps along in a round, whose usual rates depend on that. */
  readonly stepsAlong?: "gradients" | "minibatches" | "changes";
  /** What its stages will take, of one that cuts a model into some. Starts nothing. */
  forecastStages?(context: IngestContext, rates: PipelineRates): Promise<StagesForecast>;
  /** How long the tasks of its stages are expected to take, once they are cut; null: not known. */
  stageTimes?(
    context: Pick<StrategyContext, "spec" | "encoded">,
    rates: PipelineRates,
  ): StageTimes | null;
  /** Puts what workers need into the store; what is there already costs nothing. */
  stage(context: IngestContext): Promise<Encoded>;
  open(context: StrategyContext): TrainingStrategy;
  /**
   * How models are evaluated that no process holds: by tasks. The orchestrator of such a strategy
   * never loads its problem.
   */
  evaluation?(
    context: StrategyContext,
    models: readonly ModelRef[],
    rows: "all" | "test",
  ): StagedEvaluation;
}

/** An evaluation as a strategy of its own, to be run on the loop to its end. */
export interface StagedEvaluation {
  readonly strategy: Strategy<object, WorkerTask, WorkerReply>;
  /** Of a state that is finished, of each model. */
  tallies(state: object): readonly ModelTallies[];
}

/** What a model was found to be; null where no rows were asked for. */
export interface ModelTallies {
  readonly train: RowTally | null;
  readonly test: RowTally | null;
  /** What the model's own layers add to the loss, once. */
  readonly penalty: number;
}

export interface RowTally {
  /** As `Problem.tally`, without penalties. */
  readonly tally: Float64Array;
  /** Where two classes are told apart: each row's score and class. */
  readonly scores: Float64Array;
  readonly classes: Float32Array;
}

/** What a private run will publish. */
export interface PrivacyPlan {
  /** Who can read it, in words. */
  readonly observers: string;
  readonly publisher: "node" | "worker" | "aggregator";
  /** Of noised sums over batches: a record's chance to be in one, and noise over clip norm. */
  readonly sums?: {
    readonly rate: number;
    readonly multiplier: number;
    /** Every worker adds a share of it, and the sum of all is told alone. */
    readonly isShared?: true;
  };
}

/** The members that a spec names. */
export interface Members {
  readonly problem: Problem;
  readonly encoding: Encoding;
  readonly wait: WaitPolicy;
}

/** A run that another goes on from, at its last checkpoint. */
export interface FormerRun {
  readonly run: string;
  readonly spec: RunSpec;
  readonly encoded: Encoded;
  readonly state: object;
  /** The tensor that a reference of its state stands for. */
  read(ref: ObjectRef): Promise<TensorArray>;
}

export interface IngestContext {
  /** Where the strategy goes on from another run. */
  readonly former?: FormerRun;
  readonly spec: RunSpec;
  readonly encoding: Encoding;
  readonly prepared: Prepared;
  readonly store: Store;
  onProgress(done: number, total: number): void;
}

/** What is known of X'X/n before the first round. */
export interface KnownCurvature {
  /** 0 where the method did not ask for it. */
  readonly largestEigenvalue: number;
  /** As `gramText` writes it; absent where the method did not ask for it. */
  readonly gram?: string | undefined;
}

export interface StrategyContext extends Members, KnownCurvature {
  readonly spec: RunSpec;
  readonly prepared: Prepared;
  readonly encoded: Encoded;
}

/** A strategy whose states show how far they are. */
export interface TrainingStrategy<State extends object = object>
  extends Strategy<State, WorkerTask, WorkerReply> {
  progress(state: State): ModelSnapshot;
}

export interface ModelSnapshot {
  /** Rounds done. */
  readonly round: number;
  /** The model so far. */
  readonly model: ModelRef;
  /** Of a model in parts: objects of the store that the state names besides. */
  readonly keeps?: readonly ObjectRef[];
  readonly finished: boolean;
  /** Of weights sent down and of what counted, up; absent where nothing is compressed. */
  readonly traffic?: { readonly bitsDown: number; readonly bitsUp: number };
}

/** Forgets the type of its states: whoever runs it only hands them back. */
export function trainingStrategy<State extends object>(
  one: TrainingStrategy<State>,
): TrainingStrategy {
  return one as unknown as TrainingStrategy;
}
