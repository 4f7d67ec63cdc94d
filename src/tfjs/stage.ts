import * as tf from "@tensorflow/tfjs-core";
import type { LayersModel } from "@tensorflow/tfjs-layers";
import { RunError } from "../core/errors.ts";
import type { Random } from "../core/random.ts";
import type { StageProgram } from "../model-parallel/stage-program.ts";
import type { StagePass } from "../model-parallel/staged-model.ts";
import type { Tensor } from "../wire/safetensors.ts";
import { normalizers } from "./definition.ts";
import { type KeptModel, keepModel } from "./kept-model.ts";
import { modelFrom } from "./open-model.ts";
import { runForward, tensorsToKeep } from "./stage-forward.ts";
import type {
  Layer,
  LayerWeight,
  StageForward,
  StageLoss,
  StageModel,
  StageSlopes,
  Stash,
} from "./stage-model.ts";
import { closeVariables, type SlopesPlace, slopesOf, toData, toForward } from "./stage-slopes.ts";
import { recordTape } from "./tape.ts";
import { unseed } from "./whole-model.ts";

export interface StageWeight {
  /** The module's name and the weight's own, whatever the stages are. */
  readonly key: string;
  readonly module: string;
  /** Its place among the module's weights. */
  readonly index: number;
  readonly shape: readonly number[];
  readonly kind: "trained" | "observed" | "frozen";
}

/** One stage of a model, with the weights that were set. */
export interface StageLayers {
  readonly program: StageProgram;
  readonly weights: readonly StageWeight[];
  /** Throws `RunError` where one is missing or of another shape. */
  set(weights: Readonly<Record<string, Tensor>>): void;
  read(): Record<string, Tensor>;
  forward(imports: Readonly<Record<string, Tensor>>, task: StagePass, keep?: "stash"): StageForward;
  /** Penalties of the layers that count here, at the weights that were set. */
  penalty(): number;
  /**
   * The vector-Jacobian product: slopes of what the exports' slopes and the loss make, from the
   * imports again or from a stash; the same bits. Exports without slopes lead to nothing.
   */
  backward(
    from: Readonly<Record<string, Tensor>> | Stash,
    slopes: Readonly<Record<string, Tensor>>,
    task: StagePass,
    loss?: StageLoss,
    placeOf?: SlopesPlace,
  ): StageSlopes;
}

export interface OpenStage extends StageLayers {
  close(): void;
}

/** Builds the layers of one stage alone. `random` is the run's; a task draws forks of it. */
export async function openStage(program: StageProgram, random: Random): Promise<OpenStage> {
  const kept = await keepStage(program, random);
  return { ...kept.open(), close: kept.close };
}

/** The same, to be closed and opened again; whoever opens it sets its weights. */
export async function keepStage(
  program: StageProgram,
  random: Random,
): Promise<KeptModel<StageLayers>> {
  const model = await modelFrom(program.topology, `stage ${program.stage}`);
  return keepModel(model, (own) => stageOf(own, program, random));
}

function stageOf(model: LayersModel, program: StageProgram, random: Random): StageLayers {
  const layers = new Map(model.layers.map((layer) => [layer.name, layer]));
  for (const layer of model.layers) {
    unseed(layer);
    refuse(layer);
  }
  const named = model.layers.flatMap(nameWeights);
  const weights = new Map(named.map(({ weight, key }) => [weight, key] as const));
  const trained = new Set(model.layers.flatMap((layer) => layer.trainableWeights));
  const normal = normalizers(model);
  for (const layer of normal) Object.assign(layer, { momentum: 0 });
  const observing = new Set(
    normal.flatMap((layer) => layer.weights.filter((weight) => !trained.has(weight))),
  );
  const stage: StageModel = {
    ...{ program, random, observing },
    layer: (name) => layers.get(name)!,
    keyOf: (weight) => weights.get(weight)!,
  };
  return {
    program,
    weights: named.map(({ weight, ...place }) => ({
      ...place,
      shape: weight.shape.map(Number),
      kind: trained.has(weight) ? "trained" : observing.has(weight) ? "observed" : "frozen",
    })),
    set: (tensors) => setWeights(weights, tensors),
    read: () => {
      const pairs = [...weights].map(([weight, key]) => [key, toData(weight.read())] as const);
      return Object.fromEntries(pairs);
    },
    forward(imports, task, keep) {
      const tape = recordTape(() => runForward(stage, imports, task), tensorsToKeep);
      const { exports, outputs } = toForward(tape.value);
      const observed = [...tape.value.observed];
      const close = () => {
        tape.dispose();
        closeVariables(tape.value);
      };
      if (keep === undefined) close();
      return { exports, outputs, observed, stash: keep ? { tape, dispose: close } : null };
    },
    penalty: () => penaltyOf(stage),
    backward(from, slopes, task, loss, placeOf) {
      const tape = isStash(from)
        ? from.tape
        : recordTape(() => runForward(stage, from, task), tensorsToKeep);
      try {
        const { observed } = tape.value;
        return { ...slopesOf(stage, tape, slopes, task, loss, placeOf), observed: [...observed] };
      } finally {
        closeVariables(tape.value);
      }
    },
  };
}

/** Penalties of the layers that count on a stage, at its weights. */
function penaltyOf({ program, layer }: StageModel): number {
  return tf.tidy(() => {
    const terms = program.penalties.flatMap(({ module }) => layer(module).calculateLosses());
    return terms.reduce((sum, term) => sum + term.dataSync()[0]!, 0);
  });
}

function isStash(from: Readonly<Record<string, Tensor>> | Stash): from is Stash {
  return "tape" in from && "slopes" in from.tape;
}

/** Layers whose masks or states would have to go from stage to stage. */
function refuse(layer: Layer): void {
  const makesMask =
    layer.getClassName() === "Masking" || (layer as { maskZero?: boolean }).maskZero;
  const what = makesMask ? "makes a mask" : layer.stateful ? "keeps a state" : null;
  if (what === null) return;
  throw new RunError("no-pipeline", `layer "${layer.name}" ${what}, which stages do not hand on`, {
    hint: "train it in one piece, or build the layer without it",
  });
}

function nameWeights(
  layer: Layer,
): (Pick<StageWeight, "key" | "module" | "index"> & { readonly weight: LayerWeight })[] {
  const counts = new Map<string, number>();
  return layer.weights.map((weight, index) => {
    const own = weight.originalName;
    const prefix = `${layer.name}/`;
    const name = own.startsWith(prefix) ? own : prefix + own;
    const count = counts.get(name) ?? 0;
    counts.set(name, count + 1);
    const key = count === 0 ? name : `${name}#${count}`;
    return { key, module: layer.name, index, weight };
  });
}

function setWeights(
  weights: ReadonlyMap<LayerWeight, string>,
  tensors: Readonly<Record<string, Tensor>>,
): void {
  tf.tidy(() => {
    for (const [weight, key] of weights) {
      const tensor = tensors[key];
      const shape = weight.shape.map(Number);
      if (tensor === undefined || tensor.shape.join() !== shape.join())
        throw new RunError(
          "bad-weights",
          `weights: "${key}": ${tensor ? `[${tensor.shape}]` : "nothing"} for [${shape}]`,
        );
      // Not `write`, which would bend them to the layer's constraint.
      const variable = weight.read() as tf.Variable;
      variable.assign(tf.tensor(tensor.data as Float32Array, shape, variable.dtype));
    }
  });
}
