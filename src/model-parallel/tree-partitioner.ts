import type { CostModel } from "./cost-model.ts";
import { tooMany } from "./graph-partitioner.ts";
import { sharingRoots } from "./layer-graph.ts";
import type { Partition, Stage } from "./partition.ts";
import { minMaxCuts } from "./segments.ts";

/**
 * The partitioner of SageMaker's model parallelism (arXiv 2111.05972): a tree of modules, each
 * family of siblings cut into contiguous segments, devices dealt to segments by D'Hondt's rule.
 */
export interface ModuleTree {
  readonly name: string;
  /** Of the module and everything in it. */
  readonly cost: number;
  /** In the order in which they are first used. */
  readonly children: readonly ModuleTree[];
}

/** A module's set of devices; its own code runs on the first. */
export type Devices = ReadonlyMap<string, readonly number[]>;

/** Algorithm 1: walks the tree breadth first, and hands each module's devices to its children. */
export function assignDevices(root: ModuleTree, devices: number): Devices {
  const sets = new Map<string, readonly number[]>();
  sets.set(
    root.name,
    Array.from({ length: devices }, (_, i) => i),
  );
  const queue = [root];
  for (let module = queue.shift(); module !== undefined; module = queue.shift()) {
    const own = sets.get(module.name)!;
    if (own.length > 1) divide(own, module.children, sets);
    else for (const child of module.children) sets.set(child.name, own);
    queue.push(...module.children);
  }
  return sets;
}

/** Algorithm 2: segments of siblings, each with its seats; a segment with several of both again. */
function divide(
  devices: readonly number[],
  siblings: readonly ModuleTree[],
  sets: Map<string, readonly number[]>,
): void {
  if (siblings.length === 0) return;
  const count = Math.min(devices.length, siblings.length);
  const ends = minMaxCuts(
    siblings.map(({ cost }) => cost),
    count,
  )!;
  const segments = ends.map((end, i) => siblings.slice(i === 0 ? 0 : ends[i - 1]!, end));
  const costs = segments.map((segment) => segment.reduce((sum, { cost }) => sum + cost, 0));
  // The paper has no such bound: a leaf cannot use more devices than one.
  const places = segments.map((segment) => segment.reduce((sum, one) => sum + leavesOf(one), 0));
  const seats = dealSeats(devices, costs, places);
  for (const [i, segment] of segments.entries()) {
    const own = seats[i]!.length === 0 ? [devices[0]!] : seats[i]!;
    if (segment.length === 1 || own.length === 1)
      for (const { name } of segment) sets.set(name, own);
    else divide(own, segment, sets);
  }
}

function leavesOf({ children }: ModuleTree): number {
  return children.length === 0 ? 1 : children.reduce((sum, child) => sum + leavesOf(child), 0);
}

/**
 * Algorithm 3, D'Hondt's: devices one at a time, each to the segment with the largest cost per
 * seat, were it to get it; ties to the earlier one. No segment gets more than `places`.
 */
export function dealSeats(
  devices: readonly number[],
  costs: readonly number[],
  places: readonly number[] = costs.map(() => Number.POSITIVE_INFINITY),
): readonly (readonly number[])[] {
  const seats: number[][] = costs.map(() => []);
  for (const device of devices) {
    let best = -1;
    const quotient = (i: number) => costs[i]! / (seats[i]!.length + 1);
    for (const i of costs.keys())
      if (seats[i]!.length < places[i]! && (best < 0 || quotient(i) > quotient(best))) best = i;
    if (best >= 0) seats[best]!.push(device);
  }
  return seats;
}

/**
 * The tree of a traced model. Uses of a layer, and layers that share weights, are one leaf, at the
 * first one's place.
 */
export function moduleTree(model: CostModel): ModuleTree {
  const { graph } = model.index;
  const roots = sharingRoots(graph);
  const positions = new Map<string, number[]>();
  for (const [at, { module }] of graph.nodes.entries()) {
    const leaf = roots.get(module)!;
    positions.set(leaf, [...(positions.get(leaf) ?? []), at]);
  }
  const { rule } = model;
  const figures = [...positions].map(([name, at]) => ({ name, ...leafFigures(model, at) }));
  const total = (key: "bytes" | "ms") => figures.reduce((sum, one) => sum + one[key], 0);
  const whole = { bytes: total("bytes"), ms: total("ms") };
  const share = (part: number, of: number) => (of > 0 ? part / of : 0);
  const leaves = figures.map(({ name, bytes, ms }) => ({
    path: model.index.module(name).path,
    name,
    cost: rule.balance * share(bytes, whole.bytes) + (1 - rule.balance) * share(ms, whole.ms),
  }));
  return { ...grown("", leaves, 0), name: "" };
}

interface Leaf {
  readonly path: readonly string[];
  readonly name: string;
  readonly cost: number;
}

function leafFigures(model: CostModel, positions: readonly number[]) {
  const own = model.figures(positions);
  const slots = 1 + model.rule.optimizerSlots;
  return {
    bytes: own.weightBytes + slots * own.trainableBytes + own.activationBytes,
    ms: own.forwardMs + own.backwardMs,
  };
}

/** Children in the order of their first leaf, which is that of execution. */
function grown(name: string, leaves: readonly Leaf[], depth: number): ModuleTree {
  const families = new Map<string, Leaf[]>();
  for (const leaf of leaves) {
    const key = leaf.path.slice(0, depth + 1).join("/");
    families.set(key, [...(families.get(key) ?? []), leaf]);
  }
  const children = [...families].map(([key, family]): ModuleTree => {
    const [first] = family;
    if (family.length === 1 && first!.path.length === depth + 1)
      return { name: first!.name, cost: first!.cost, children: [] };
    return grown(`${key}/`, family, depth + 1);
  });
  return { name, cost: leaves.reduce((sum, { cost }) => sum + cost, 0), children };
}

/** The tree's partition: a stage for each time that execution comes to another device. */
export function partitionTree(model: CostModel, devices: number): Partition {
  const { graph } = model.index;
  const roots = sharingRoots(graph);
  const tree = moduleTree(model);
  const leaves = leavesOf(tree);
  if (devices > leaves) throw tooMany(devices, graph.nodes.length, leaves);
  const sets = assignDevices(tree, devices);
  const stages: Stage[] = [];
  for (const { id, module } of graph.nodes) {
    const worker = sets.get(roots.get(module)!)![0]!;
    const last = stages.at(-1);
    if (last?.worker === worker) stages[stages.length - 1] = { worker, nodes: [...last.nodes, id] };
    else stages.push({ worker, nodes: [id] });
  }
  return { stages };
}
