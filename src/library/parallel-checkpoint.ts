import { readFile, writeFile } from "node:fs/promises";
import { RunError } from "../core/errors.ts";
import type { Chosen } from "../core/registry.ts";
import type { PartLayout, PartTensor } from "../model-parallel/pipeline-layout.ts";
import type { ObjectRef } from "../ports/object-ref.ts";
import { redealParts } from "../strategies/pipeline/redeal.ts";
import type { PartState } from "../strategies/pipeline/state.ts";
import { dtypeName } from "../wire/packet.ts";
import { fromSafetensors, type TensorArray, toSafetensors } from "../wire/safetensors.ts";
import type { NumberTensor } from "./microbatch-outputs.ts";
import type { HeldPart } from "./parallel-step.ts";

interface Layouts {
  readonly layouts: readonly PartLayout[];
  readonly optimizer: Chosen;
}

interface Held extends Layouts {
  readonly parts: readonly HeldPart[];
  readonly step: number;
}

const format = "kofn-stages-1";

/** Each tensor by itself, in the model's order: whatever the stages are. */
function byTensor(layouts: readonly PartLayout[]): PartLayout[] {
  const tensors = layouts.flatMap((part) => part.tensors);
  const inOrder = tensors.toSorted((a, b) => a.index - b.index);
  return inOrder.map((tensor) => ({ owner: 0, stages: [0], tensors: [tensor], uses: [] }));
}

/** Arrays of this process as the objects that parts are dealt in. */
function inMemory() {
  const held = new Map<string, TensorArray>();
  const put = (data: TensorArray): ObjectRef => {
    const key = String(held.size);
    held.set(key, data);
    return { key, sha256: "", dtype: dtypeName(data), shape: [data.length] };
  };
  const stated = ({ weights, ahead, memory }: HeldPart, { tensors }: PartLayout): PartState => ({
    weights: put(weights),
    ahead: ahead && put(ahead),
    memory: memory && put(memory),
    digests: tensors.map(() => ""),
  });
  const taken = ({ weights, ahead, memory }: PartState): HeldPart => ({
    weights: held.get(weights.key) as HeldPart["weights"],
    ahead: ahead && (held.get(ahead.key) as HeldPart["weights"]),
    memory: memory && (held.get(memory.key) as Uint8Array),
  });
  const redeal = async (
    from: { readonly layouts: readonly PartLayout[]; readonly parts: readonly HeldPart[] },
    layouts: readonly PartLayout[],
  ): Promise<HeldPart[]> => {
    const parts = from.parts.map((part, i) => stated(part, from.layouts[i]!));
    const ports = {
      read: async ({ key }: ObjectRef) => held.get(key)!,
      write: async (data: TensorArray) => put(data),
    };
    return (await redealParts({ layouts: from.layouts, parts }, layouts, ports)).map(taken);
  };
  return { redeal };
}

const nameOf = ({ name }: PartTensor) => name;

/** Weights by the names of the model's tensors. */
export function namedWeights(
  layouts: readonly PartLayout[],
  parts: readonly HeldPart[],
): Record<string, NumberTensor> {
  const named: Record<string, NumberTensor> = {};
  for (const [part, { tensors }] of layouts.entries()) {
    let from = 0;
    for (const { name, shape } of tensors) {
      const length = shape.reduce((a, b) => a * b, 1);
      named[name] = { shape, data: parts[part]!.weights.slice(from, from + length) };
      from += length;
    }
  }
  return named;
}

export async function saveParts(path: string, { layouts, parts, step, optimizer }: Held) {
  const whole = byTensor(layouts);
  const own = await inMemory().redeal({ layouts, parts }, whole);
  const tensors = own.flatMap(({ weights, ahead, memory }, i) => {
    const tensor = whole[i]!.tensors[0]!;
    const bytes = memory && { shape: [memory.length], data: memory };
    return [
      [nameOf(tensor), { shape: tensor.shape, data: weights }] as const,
      ...(ahead
        ? [[`ahead/${nameOf(tensor)}`, { shape: tensor.shape, data: ahead }] as const]
        : []),
      ...(bytes ? [[`optimizer/${nameOf(tensor)}`, bytes] as const] : []),
    ];
  });
  const metadata = { format, step: String(step), optimizer: optimizer.type };
  await writeFile(path, toSafetensors(Object.fromEntries(tensors), metadata));
}

export async function loadParts(
  path: string,
  { layouts, optimizer }: Layouts,
): Promise<Pick<Held, "parts" | "step">> {
  const { tensors, metadata } = fromSafetensors(await readFile(path), path);
  if (metadata.format !== format) throw refused(path, "it is no checkpoint of modelParallel");
  if (metadata.optimizer !== optimizer.type)
    throw refused(path, `its optimizer is ${metadata.optimizer}, and not ${optimizer.type}`);
  const whole = byTensor(layouts);
  const copied = <T extends TensorArray>(data: T) => data.slice() as T;
  const parts = whole.map((part): HeldPart => {
    const tensor = part.tensors[0]!;
    const name = nameOf(tensor);
    const weights = tensors[name];
    if (weights?.shape.join() !== tensor.shape.join())
      throw refused(path, `"${name}" has shape [${weights?.shape ?? ""}], not [${tensor.shape}]`);
    const [ahead, memory] = [tensors[`ahead/${name}`], tensors[`optimizer/${name}`]];
    return {
      weights: copied(weights!.data as HeldPart["weights"]),
      ahead: ahead === undefined ? null : copied(ahead.data as HeldPart["weights"]),
      memory: memory === undefined ? null : copied(memory.data as Uint8Array),
    };
  });
  const dealt = await inMemory().redeal({ layouts: whole, parts }, layouts);
  return { parts: dealt, step: Number(metadata.step) };
}

function refused(path: string, what: string): RunError {
  return new RunError("bad-combination", `load: ${path}: ${what}`, {
    hint: "load what save wrote of the same model and optimizer",
  });
}
