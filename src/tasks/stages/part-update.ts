import { hash } from "node:crypto";
import type { Chosen } from "../../core/registry.ts";
import type { Memory, Stepper } from "../../optimizers/optimizer.ts";
import { optimizers } from "../../optimizers/registry.ts";
import type { ObjectRef } from "../../ports/object-ref.ts";
import type { Effects } from "../../store-effects.ts";
import { fromPacket, toPacket } from "../../wire/packet.ts";
import type { RoundTask, TaskKind, WorkerContext, WorkerReply } from "../task-kind.ts";
import { invalidVector } from "../valid-reply.ts";
import { freeArrays } from "./garbage.ts";
import { bytesByValue } from "./handed-tensor.ts";
import {
  lengthOf,
  type PartSlopes,
  putObserved,
  readGradient,
  tensorViews,
  withoutObserved,
} from "./part-gradient.ts";

type Floats = Float32Array<ArrayBuffer>;
type Doubles = Float64Array<ArrayBuffer>;

/** A task of a part of the weights, once all backward passes of a step are done. */
interface PartTask extends RoundTask, PartSlopes {
  readonly step: number;
  readonly node: string;
  readonly replica: number;
  readonly optimizer: Chosen;
  /** The optimizer's, as a packet; null before the first step. */
  readonly memory: ObjectRef | null;
}

/** The part's gradient, and what of it the optimizer needs of all parts together. */
export interface PartSumsTask extends PartTask {
  readonly operation: "part-sums";
  /** How many the optimizer needs. */
  readonly sumsPerTensor: number;
}

/** One step of the optimizer on a part of the weights. */
export interface PartUpdateTask extends PartTask {
  readonly operation: "part-update";
  /** The part's, where it was added up already; else it is made of `slopes`. */
  readonly gradient: ObjectRef | null;
  /** Over all parts, where the optimizer needs such; empty where not. */
  readonly sums: Doubles;
  readonly part: ObjectRef;
  /** Where the gradient was asked, if not at the weights. */
  readonly ahead: ObjectRef | null;
}

interface SumsInput {
  readonly gradient: Doubles;
  readonly memory: Uint8Array | null;
}

interface UpdateInput extends SumsInput {
  readonly part: Floats;
  readonly ahead: Floats | null;
}

const effects: Effects = {
  roles: ["networkWorker"],
  reads: ["encoded", "networks", "stepObjects", "modelParts"],
};

/**
 * The first half of an update by an optimizer that looks at all weights at once: sums over each
 * tensor, a tensor's after another's, as they are then added in the model's order.
 */
export const partSums: TaskKind<PartSumsTask, null, SumsInput> = {
  opensProblem: true,
  load: async () => null,
  prepare: async (place, _material, task) => ({
    gradient: await readGradient(place, task.step, task),
    memory: await readMemory(place, task),
  }),
  compute(_problem, { gradient, memory }, { step, tensors, optimizer }) {
    const stepper = optimizers.create(optimizer) as Stepper;
    const before = memoryOf(stepper, memory);
    const open = withoutObserved(tensors, gradient);
    const sums = stepper.sums!(before, { gradient: open, tensors });
    const values = Float64Array.from(sums.flatMap((own) => [...own]));
    return { loss: 0, values, version: step, tensors: { gradient } };
  },
  validate: ({ step, tensors, sumsPerTensor }, reply) =>
    invalidVector(reply, sumsPerTensor * tensors.length) ?? missingIn(reply, step, "gradient"),
  size: {
    requestArrays: ({ weights, slopes }) => [weights.byteLength, ...slopesBytes(slopes)],
    entries: ({ tensors, slopes }) => slopes.length * lengthOf(tensors),
  },
  effects: { ...effects, reads: ["encoded", "stepObjects", "modelParts"] },
};

/**
 * The update of a part. The values replied are the sum of squares of each tensor's gradient, the
 * digests those of each tensor's new weights.
 */
export const partUpdate: TaskKind<PartUpdateTask, null, UpdateInput> = {
  opensProblem: true,
  load: async () => null,
  async prepare(place, _material, task) {
    freeArrays("idle");
    const gradient = await (task.gradient === null
      ? readGradient(place, task.step, task)
      : place.object(task.gradient));
    freeArrays();
    const part = await place.object(task.part);
    const ahead = task.ahead === null ? null : await place.object(task.ahead);
    return { gradient, part, ahead, memory: await readMemory(place, task) } as UpdateInput;
  },
  compute(_problem, { gradient, part, ahead, memory }, { step, tensors, optimizer, sums }) {
    const stepper = optimizers.create(optimizer) as Stepper;
    const open = withoutObserved(tensors, gradient);
    freeArrays();
    const moved = stepper.move(memoryOf(stepper, memory), {
      weights: part,
      asked: ahead ?? part,
      gradient: open,
      stepSize: stepper.stepSize({ smoothness: 1, share: 1, round: step }),
      tensors,
      ...(sums.length === 0 ? {} : { sums }),
      shrink: (point) => point,
    });
    freeArrays();
    const weights = Float32Array.from(moved.weights);
    const ask = moved.ask === null ? null : Float32Array.from(moved.ask);
    for (const there of [weights, ask]) if (there !== null) putObserved(tensors, gradient, there);
    return {
      loss: 0,
      values: Float64Array.from(tensorViews(tensors, open), squaresOf),
      version: step,
      tensors: {
        weights,
        memory: toPacket(moved.memory),
        ...(ask === null ? {} : { ahead: ask }),
      },
      digests: tensorViews(tensors, weights).map((own) => hash("sha256", bytesOf(own))),
      ...(stepper.learned === undefined ? {} : { learned: stepper.learned(moved.memory) }),
    };
  },
  validate({ step, tensors }, reply) {
    const unsound = invalidVector(reply, tensors.length);
    if (unsound !== null) return unsound;
    if (reply.digests?.length !== tensors.length) return "its reply has no digests of its tensors";
    return missingIn(reply, step, "weights") ?? missingIn(reply, step, "memory");
  },
  size: {
    requestArrays: ({ weights, sums, slopes }) => [
      ...[weights.byteLength, sums.byteLength],
      ...slopesBytes(slopes),
    ],
    entries: ({ tensors, slopes }) => (slopes.length + 1) * lengthOf(tensors),
  },
  effects,
};

function slopesBytes(slopes: PartSlopes["slopes"]): number[] {
  return bytesByValue(slopes.map((one) => one.slopes));
}

async function readMemory(place: WorkerContext, { memory }: PartTask): Promise<Uint8Array | null> {
  return memory === null ? null : ((await place.object(memory)) as Uint8Array);
}

function memoryOf(stepper: Stepper, packet: Uint8Array | null): Memory {
  return packet === null ? stepper.start() : fromPacket<Memory>(packet);
}

function missingIn({ version, tensors = {} }: WorkerReply, step: number, field: string) {
  if (version !== step) return `its reply is of the weights of step ${version}, not ${step}`;
  return tensors[field] === undefined ? `its reply has no ${field}` : null;
}

function squaresOf(values: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i]! * values[i]!;
  return sum;
}

function bytesOf({ buffer, byteOffset, byteLength }: Float32Array): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}
