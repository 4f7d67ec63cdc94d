import { assert } from "../core/errors.ts";
import { emptySlotMap, type SlotMap, withSlot } from "../core/slot-map.ts";
import type { Slotted } from "../ports/compute.ts";
import type { TaskObjects } from "../ports/object-ref.ts";
import type { Quorum } from "./quorum-state.ts";
import type { WaitRule } from "./wait-policies/policy.ts";

/** One piece of work of a step. */
export interface GraphNode {
  /** Unique within its step. */
  readonly key: string;
  /** Where it runs: its replicas, each in a slot of its own. Mostly one. */
  readonly slots: readonly number[];
  /** How many of the replicas it waits for, and how; absent: all. */
  readonly rule?: WaitRule;
  /** Keys of the nodes that must be done before: those it takes outputs of, or follows. */
  readonly after: readonly string[];
  /** The group that it is of, where a step waits for some of several groups. */
  readonly group?: number;
  /** It begins when as many groups are done as the step waits for. */
  readonly afterGroups?: true;
}

/** What every state has that goes through a graph. */
export interface Traversing<Reply> {
  readonly finished: boolean;
  readonly step: number;
  /** By the node's place in the step's list; absent while what it follows is not done. */
  readonly nodes: SlotMap<NodeState<Reply>>;
  readonly doneCount: number;
  /** The groups that count in this step, rising; absent until as many as are needed are done. */
  readonly joined?: readonly number[];
}

export interface NodeState<Reply> {
  readonly quorum: Quorum<Reply>;
  readonly isDone: boolean;
  /** It gave no reply for as long as a run has patience, and its group is done without. */
  readonly isSilent?: true;
}

/** Which task of which node: a task of a graph holds all of it. */
export interface NodePlace extends Slotted {
  readonly step: number;
  readonly node: string;
  /** The place of its slot among the node's. */
  readonly replica: number;
}

/** The replies to a node that is done, of its replicas in their order; those that came. */
export type Outputs<Reply> = (node: string) => readonly Reply[];

/** What a state has where none of its step's nodes has begun. */
export const beforeStep = { nodes: emptySlotMap<never>(), doneCount: 0 } as const;

/**
 * What a node's task takes by reference, and which fields of its reply it leaves in the store:
 * under a name of step, node and replica, so that every try writes the same object.
 */
export function nodeObjects(
  { step, node, replica }: NodePlace,
  inputs: NonNullable<TaskObjects["inputs"]>,
  fields: readonly string[],
): TaskObjects {
  const keep = fields.map((field) => {
    const name = `${step}/${node}/${replica}/${field}`;
    return [field, { name, lifetime: "step" }] as const;
  });
  return { step, inputs, keep: Object.fromEntries(keep) };
}

/** Where nodes stand in their step's list, and who comes after whom. */
export interface GraphIndex {
  placeOf(key: string): number;
  /** The places of the nodes that name this one as what they come after. */
  followersOf(at: number): readonly number[];
  /** The places of each group's nodes. */
  readonly groups: readonly (readonly number[])[];
}

const known = new WeakMap<readonly GraphNode[], GraphIndex>();

/** The index of a list of nodes, in any order, made once. Throws where nodes wait in a circle. */
export function graphIndex(nodes: readonly GraphNode[]): GraphIndex {
  const found = known.get(nodes);
  if (found !== undefined) return found;
  const places = new Map<string, number>();
  const followers: number[][] = nodes.map(() => []);
  for (const [at, { key, slots }] of nodes.entries()) {
    assert(!places.has(key), `${key} is the name of one node`);
    assert(slots.length > 0 && new Set(slots).size === slots.length, `${key} has its own slots`);
    places.set(key, at);
  }
  for (const [at, { key, after }] of nodes.entries())
    for (const before of new Set(after)) {
      const place = places.get(before);
      assert(place !== undefined, `${key} comes after nodes of its step, not ${before}`);
      followers[place]!.push(at);
    }
  refuseCircles(nodes, followers);
  const index: GraphIndex = {
    placeOf(key) {
      const place = places.get(key);
      assert(place !== undefined, `there is no node ${key}`);
      return place;
    },
    followersOf: (at) => followers[at]!,
    groups: groupsOf(nodes),
  };
  known.set(nodes, index);
  return index;
}

function refuseCircles(nodes: readonly GraphNode[], followers: readonly number[][]): void {
  const missing = nodes.map(({ after }) => new Set(after).size);
  const ready = [...missing.keys()].filter((at) => missing[at] === 0);
  for (const at of ready)
    for (const follower of followers[at]!) if (--missing[follower]! === 0) ready.push(follower);
  const left = nodes.find((_, at) => missing[at]! > 0);
  assert(left === undefined, `${left?.key} waits in no circle`);
}

function groupsOf(nodes: readonly GraphNode[]): readonly (readonly number[])[] {
  const groups: number[][] = [];
  for (const [at, { group }] of nodes.entries()) {
    if (group === undefined) continue;
    while (groups.length <= group) groups.push([]);
    groups[group]!.push(at);
  }
  return groups;
}

export function waitRuleOf({ rule, slots }: GraphNode): WaitRule {
  const all = slots.length;
  return rule ?? { needed: all, enough: all, deadlineMs: Number.POSITIVE_INFINITY };
}

export function withNode<State extends Traversing<Reply>, Reply>(
  state: State,
  at: number,
  node: NodeState<Reply>,
): State {
  return { ...state, nodes: withSlot(state.nodes, at, node) };
}
