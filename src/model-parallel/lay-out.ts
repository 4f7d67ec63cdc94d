import { assert } from "../core/errors.ts";
import { shareShape } from "../math/tensor-share.ts";
import type { ParameterSpec } from "../math/vector.ts";
import type { TensorShare } from "../ports/model-ref.ts";
import { partLengthMax } from "./cost-model.ts";
import { type IndexedGraph, indexGraph, type LayerGraph } from "./layer-graph.ts";
import type { Partition } from "./partition.ts";
import {
  type ArrayLengths,
  type FieldTensors,
  gradientField,
  type NamedShape,
  type PartLayout,
  type PartUses,
  type PipelineLayout,
  type StageFile,
  type StageLayout,
  slopesField,
} from "./pipeline-layout.ts";
import { type StageProgram, stagePrograms } from "./stage-program.ts";

/** A weight that training moves. */
export interface MovedWeight {
  /** Under which stages know it. */
  readonly key: string;
  /** Its place among the model's tensors. */
  readonly index: number;
  /** Of a tensor that several workers share: which share it is. */
  readonly share?: TensorShare;
}

export interface LaidOut {
  readonly stages: readonly Omit<StageLayout, "file">[];
  readonly parts: PipelineLayout["parts"];
  readonly files: readonly StageFile[];
}

/** How stages exchange tensors, and which weights are kept together. */
export function layOut(
  graph: LayerGraph,
  partition: Partition,
  parameters: readonly ParameterSpec[],
  movedBy: (module: string) => readonly MovedWeight[],
): LaidOut {
  const index = indexGraph(graph);
  const programs = stagePrograms(graph, partition);
  const open = openParts(index, programs, parameters, movedBy);
  const parts = open.map((part) => partOf(index, programs, part));
  const files = programs.map((program, stage): StageFile => {
    const own = parts.flatMap((part, k) => (part.stages.includes(stage) ? [{ part, k }] : []));
    return {
      program,
      parts: own.map(({ k }) => open[k]!.tensors.map(({ key, shape }) => ({ name: key, shape }))),
      imports: importGroups(index, programs, stage).map(({ group }) => group),
      exports: exportGroups(index, programs, stage).map(({ group }, i) => {
        return { field: exportField(i), tensors: group };
      }),
      slopesOut: producersOf(program).map((producer) => ({
        field: slopesField(producer),
        tensors: slopeTensors(program, producer),
      })),
      slopesIn: consumersOf(programs, stage).map((reader) =>
        slopeTensors(programs[reader]!, stage),
      ),
      gradients: own.map(({ part, k }) => {
        const { tensors, positions } = part.uses[part.stages.indexOf(stage)]!;
        const uses = tensors.map((tensor, i) => ({
          node: graph.nodes[positions[i]!]!.id,
          weight: open[k]!.tensors[tensor]!.key,
        }));
        return { field: gradientField(k), uses };
      }),
    };
  });
  const stages = programs.map((program, stage): Omit<StageLayout, "file"> => {
    return {
      worker: program.worker,
      layers: partition.stages[stage]!.nodes,
      imports: importGroups(index, programs, stage).map(({ from, field }) => ({
        stage: from,
        field,
      })),
      exports: files[stage]!.exports.map(({ field }) => field),
      producers: producersOf(program),
      consumers: consumersOf(programs, stage),
      parts: parts.flatMap((part, k) => (part.stages.includes(stage) ? [k] : [])),
      takesRows:
        program.outputs.length > 0 || program.imports.some((one) => one.fromStage === null),
      makesOutput: program.outputs.some((one) => one.index === 0),
      lengths: lengthsOf(files[stage]!),
    };
  });
  return { stages, parts, files };
}

function lengthsOf({ exports, slopesOut, gradients, parts }: StageFile): ArrayLengths {
  const sizeOf = ({ shape }: NamedShape) => shape.reduce((a, b) => a * b, 1);
  const sum = (list: readonly NamedShape[]) => list.reduce((total, one) => total + sizeOf(one), 0);
  return {
    exports: exports.map(({ tensors }) => sum(tensors)),
    slopes: slopesOut.map(({ tensors }) => sum(tensors)),
    gradients: gradients.map(({ uses }, k) => {
      const sizes = new Map(parts[k]!.map((one) => [one.name, sizeOf(one)]));
      return uses.reduce((total, { weight }) => total + sizes.get(weight)!, 0);
    }),
  };
}

const exportField = (group: number) => `export-${group}`;

/** Stages whose tensors are moved by slopes that come back, rising. */
function producersOf({ imports }: StageProgram): readonly number[] {
  const from = imports.filter(isMoved).map(({ fromStage }) => fromStage!);
  return [...new Set(from)].sort((a, b) => a - b);
}

function consumersOf(programs: readonly StageProgram[], stage: number): readonly number[] {
  return programs.flatMap((program, reader) =>
    producersOf(program).includes(stage) ? [reader] : [],
  );
}

function isMoved({ fromStage, dtype }: StageProgram["imports"][number]): boolean {
  return fromStage !== null && dtype !== "int32" && dtype !== "bool";
}

function slopeTensors({ imports }: StageProgram, producer: number): readonly NamedShape[] {
  return imports
    .filter((one) => one.fromStage === producer && isMoved(one))
    .map(({ key, shape }) => ({ name: key, shape: perExample(shape) }));
}

interface ExportGroup {
  readonly readers: readonly number[];
  readonly group: FieldTensors["tensors"];
}

/** Exported tensors that the same stages read: each goes to each of them once. */
function exportGroups(
  index: IndexedGraph,
  programs: readonly StageProgram[],
  stage: number,
): readonly ExportGroup[] {
  const groups = new Map<string, { readers: readonly number[]; group: NamedShape[] }>();
  for (const tensor of programs[stage]!.exports) {
    const readers = programs.flatMap(({ imports }, reader) =>
      imports.some((one) => one.tensor === tensor && one.fromStage === stage) ? [reader] : [],
    );
    const name = readers.join();
    const shared = groups.get(name) ?? { readers, group: [] };
    shared.group.push({ name: tensor, shape: perExample(index.tensor(tensor).shape) });
    groups.set(name, shared);
  }
  return [...groups.values()];
}

function importGroups(index: IndexedGraph, programs: readonly StageProgram[], stage: number) {
  return programs.flatMap((_, from) =>
    exportGroups(index, programs, from).flatMap(({ readers, group }, i) =>
      readers.includes(stage) ? [{ from, field: exportField(i), group }] : [],
    ),
  );
}

function perExample(shape: readonly (number | null)[] | null): readonly number[] {
  const rest = shape?.slice(1) ?? [null];
  assert(
    rest.every((size) => size !== null),
    "a traced tensor's axes are numbers",
  );
  return rest as readonly number[];
}

interface OpenPart {
  readonly stages: readonly number[];
  readonly tensors: OwnedTensor[];
  length: number;
}

/** A tensor that training moves, or a share of one, and the layer that has it. */
type OwnedTensor = ParameterSpec & MovedWeight & { readonly module: string };

/** In the model's order; shares of one tensor from the first to the last. */
function ownedTensors(
  { graph }: IndexedGraph,
  parameters: readonly ParameterSpec[],
  movedBy: (module: string) => readonly MovedWeight[],
): readonly OwnedTensor[] {
  const all = graph.modules.flatMap(({ name: module }) =>
    movedBy(module).map((own): OwnedTensor => {
      const tensor = parameters[own.index]!;
      if (own.share === undefined) return { ...tensor, ...own, module };
      return { ...tensor, ...own, module, shape: shareShape(tensor.shape, own.share) };
    }),
  );
  const found = new Set(all.map(({ index }) => index));
  for (const [at, { name }] of parameters.entries())
    assert(found.has(at), `${name} belongs to a layer of the graph`);
  return all.sort((a, b) => a.index - b.index || (a.share?.part ?? 0) - (b.share?.part ?? 0));
}

/** Weights by the stages that use them, the parts in the order of their first tensors. */
function openParts(
  index: IndexedGraph,
  programs: readonly StageProgram[],
  parameters: readonly ParameterSpec[],
  movedBy: (module: string) => readonly MovedWeight[],
): readonly OpenPart[] {
  const stagesOf = (module: string) =>
    programs.flatMap(({ steps }, stage) =>
      steps.some((step) => step.kind === "use" && step.module === module) ? [stage] : [],
    );
  const open = new Map<string, OpenPart>();
  const all: OpenPart[] = [];
  for (const tensor of ownedTensors(index, parameters, movedBy)) {
    const stages = stagesOf(tensor.module);
    const size = tensor.shape.reduce((a, b) => a * b, 1);
    let part = open.get(stages.join());
    if (part === undefined || part.length + size > partLengthMax) {
      part = { stages, tensors: [], length: 0 };
      open.set(stages.join(), part);
      all.push(part);
    }
    part.tensors.push(tensor);
    part.length += size;
  }
  return all;
}

function partOf(
  { graph }: IndexedGraph,
  programs: readonly StageProgram[],
  { stages, tensors }: OpenPart,
): PartLayout {
  const uses = stages.map((stage): PartUses => {
    const own = new Set(
      programs[stage]!.steps.flatMap((step) => (step.kind === "use" ? [step.node] : [])),
    );
    const pairs = graph.nodes.flatMap(({ id, module }, position) =>
      own.has(id)
        ? tensors.flatMap((one, tensor) => (one.module === module ? [{ tensor, position }] : []))
        : [],
    );
    const positions = pairs.map(({ position }) => position);
    return { tensors: pairs.map(({ tensor }) => tensor), positions };
  });
  const plain = tensors.map(({ key: _, module: __, ...tensor }) => tensor);
  return { owner: stages[0]!, stages, tensors: plain, uses };
}
