import { atSlot, forEachSlot } from "../core/slot-map.ts";
import {
  type GraphNode,
  graphIndex,
  type NodeState,
  type Traversing,
  waitRuleOf,
} from "./graph-nodes.ts";
import { giveUpReason, wakeAtMs } from "./quorum.ts";
import type { Quorum } from "./quorum-state.ts";

type Nodes = readonly GraphNode[];

/** The node needs no task: it is done, or its step does without it. */
export function isIdle(
  { group }: GraphNode,
  { isDone, isSilent }: NodeState<unknown>,
  { joined }: Pick<Traversing<unknown>, "joined">,
): boolean {
  return isDone || isSilent === true || (group !== undefined && joined !== undefined);
}

/** Groups all of whose nodes are done, rising; undefined while fewer are than are needed. */
export function groupsDone(
  nodes: Nodes,
  state: Traversing<unknown>,
  needed: number | undefined,
): readonly number[] | undefined {
  if (needed === undefined) return undefined;
  const done = graphIndex(nodes).groups.flatMap((members, group) =>
    members.every((at) => atSlot(state.nodes, at)?.isDone === true) ? [group] : [],
  );
  return done.length >= needed ? done : undefined;
}

/** So many groups have a node that stays silent that fewer than are needed are left. */
export function hasTooFew(
  nodes: Nodes,
  state: Traversing<unknown>,
  needed: number | undefined,
): boolean {
  const { groups } = graphIndex(nodes);
  const isSilent = (at: number) => atSlot(state.nodes, at)?.isSilent === true;
  const left = groups.filter((members) => !members.some(isSilent)).length;
  return left < (needed ?? groups.length);
}

/** Every node is done but those of groups that the step does without. */
export function isStepOver(nodes: Nodes, state: Traversing<unknown>): boolean {
  const { joined, doneCount } = state;
  if (joined === undefined) return doneCount === nodes.length;
  return nodes.every(
    ({ group }, at) =>
      (group !== undefined && !joined.includes(group)) || atSlot(state.nodes, at)?.isDone === true,
  );
}

/** The state before any group counts, as a step begins. */
export function withoutJoined<State extends Traversing<unknown>>(state: State): State {
  if (state.joined === undefined) return state;
  const { joined: _, ...rest } = state;
  return rest as State;
}

/** The next moment at which time alone changes something at a node. */
export function nextWakeMs(nodes: Nodes, state: Traversing<unknown>, patienceMs: number): number {
  let firstMs = Number.POSITIVE_INFINITY;
  forEachSlot(state.nodes, (at, node) => {
    if (isIdle(nodes[at]!, node, state)) return;
    const dueMs = wakeAtMs(node.quorum, waitRuleOf(nodes[at]!), patienceMs, () => true);
    firstMs = Math.min(firstMs, dueMs);
  });
  return firstMs;
}

/** Why a node is given up, with its name; null while there is patience. */
export function giveUp(
  { patienceMs }: { readonly patienceMs: number },
  node: GraphNode,
  quorum: Quorum<unknown>,
  atMs: number,
): string | null {
  const reason = giveUpReason(quorum, waitRuleOf(node), node.slots.length, patienceMs, atMs);
  return reason === null ? null : `${node.key}: ${reason}`;
}
