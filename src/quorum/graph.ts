import { atSlot, forEachSlot, slotNumbers } from "../core/slot-map.ts";
import type { Arrival, Step, Strategy } from "../engine/strategy.ts";
import type { Outcome } from "../ports/compute.ts";
import { backupNumberOf, taskNameOf } from "../ports/task-names.ts";
import {
  giveUp,
  groupsDone,
  hasTooFew,
  isIdle,
  isStepOver,
  nextWakeMs,
  withoutJoined,
} from "./graph-groups.ts";
import {
  beforeStep,
  type GraphNode,
  graphIndex,
  type NodePlace,
  type Outputs,
  type Traversing,
  waitRuleOf,
  withNode,
} from "./graph-nodes.ts";
import { afterTick, isAlone, isClosed, recordReply } from "./quorum.ts";
import { openQuorum, type PendingSlot, pendingAt, pendingSlots } from "./quorum-state.ts";

/** A step as a graph of tasks, one step after another. All functions are pure. */
export interface TaskGraph<State extends Traversing<Reply>, Task extends NodePlace, Reply> {
  /** Without any reply of a node that runs for so long, the run gives up. */
  readonly patienceMs: number;
  /** How many groups of nodes a step waits for, where its nodes are in groups. */
  readonly groupsNeeded?: number;
  /** Before the first step, with `beforeStep`. */
  start(): State;
  /**
   * Of the state's step. Best the same list in every state of a step: it is looked at often. What
   * comes after groups may be in other slots, and in another order, once it is known which count.
   */
  nodes(state: State): readonly GraphNode[];
  /** The task of one replica; of `outputs` it may use those of the nodes it comes after. */
  task(state: State, place: NodePlace, outputs: Outputs<Reply>): Task;
  /** Why a reply is as good as lost; null for a sound one. */
  validate(task: Task, reply: Reply): string | null;
  /** Why asking again for an invalid reply would be vain, which ends the run; null: it is not. */
  diverged?(state: State, task: Task, reply: Reply, invalid: string): string | null;
  /** The step's end: a state of the next step, with `beforeStep`, or a finished one. */
  finish(state: State, outputs: Outputs<Reply>, atMs: number): Step<State, Task>;
}

/**
 * Works through steps that are graphs of tasks: a node starts when all that it comes after are
 * done, is asked for again when it is lost, and with replicas is done when its rule says so. A run
 * that goes on begins its step anew.
 */
export function graph<State extends Traversing<Reply>, Task extends NodePlace, Reply>(
  of: TaskGraph<State, Task, Reply>,
): Strategy<State, Task, Reply> {
  return {
    start: () => opened(of, of.start(), 0),
    wanted(state) {
      const tasks: Task[] = [];
      if (state.finished) return tasks;
      const nodes = of.nodes(state);
      forEachSlot(state.nodes, (at, node) => {
        if (!isIdle(nodes[at]!, node, state)) tasks.push(...tasksOf(of, state, at));
      });
      return tasks;
    },
    receive(state, arrival, atMs) {
      if (state.finished) return { state };
      return arrival.kind === "tick"
        ? receiveTick(of, state, atMs)
        : receiveReply(of, state, arrival, atMs);
    },
    resume: (state, atMs) => opened(of, { ...withoutJoined(state), ...beforeStep }, atMs),
    wakeAtMs(state) {
      if (state.finished) return undefined;
      return nextWakeMs(of.nodes(state), state, of.patienceMs);
    },
  };
}

type Of<State extends Traversing<Reply>, Task extends NodePlace, Reply> = TaskGraph<
  State,
  Task,
  Reply
>;

function receiveTick<State extends Traversing<Reply>, Task extends NodePlace, Reply>(
  of: Of<State, Task, Reply>,
  state: State,
  atMs: number,
): Step<State, Task> {
  const nodes = of.nodes(state);
  let next = state;
  let failed: string | null = null;
  forEachSlot(state.nodes, (at, current) => {
    if (isIdle(nodes[at]!, current, next)) return;
    const { quorum: before, isDone } = current;
    const rule = waitRuleOf(nodes[at]!);
    const quorum = afterTick(before, rule, atMs);
    if (quorum !== before) next = withNode(next, at, { quorum, isDone });
    if (isClosed(quorum, rule, atMs)) next = withDone(of, next, at, atMs);
    else {
      const reason = giveUp(of, nodes[at]!, quorum, atMs);
      if (reason === null) return;
      const { group } = nodes[at]!;
      if (group !== undefined) next = withNode(next, at, { quorum, isDone, isSilent: true });
      if (group === undefined || hasTooFew(nodes, next, of.groupsNeeded)) failed ??= reason;
    }
  });
  if (failed !== null) return { state: next, failed };
  return isStepOver(nodes, next) ? finished(of, next, atMs) : { state: next };
}

function receiveReply<State extends Traversing<Reply>, Task extends NodePlace, Reply>(
  of: Of<State, Task, Reply>,
  state: State,
  { task, outcome }: Extract<Arrival<Task, Reply>, { kind: "reply" }>,
  atMs: number,
): Step<State, Task> {
  const nodes = of.nodes(state);
  const at = graphIndex(nodes).placeOf(task.node);
  const node = nodes[at]!;
  const { replica } = task;
  const invalid = outcome.kind === "done" ? of.validate(task, outcome.result) : null;
  if (outcome.kind === "done" && invalid !== null) {
    const vain = of.diverged?.(state, task, outcome.result, invalid) ?? null;
    if (vain !== null) return { state, failed: vain };
  }
  const rejected = invalid === null ? {} : { rejected: invalid };
  const counted: Outcome<Reply> = invalid === null ? outcome : { kind: "lost", reason: invalid };
  const { quorum: before } = atSlot(state.nodes, at)!;
  const asReplica = { ...task, slot: replica };
  const quorum = recordReply(before, asReplica, counted, atMs, of.patienceMs);
  const next = withNode(state, at, { quorum, isDone: false });
  if (isClosed(quorum, waitRuleOf(node), atMs)) {
    const after = withDone(of, next, at, atMs);
    if (isStepOver(nodes, after)) return { ...finished(of, after, atMs), ...rejected };
    const others = pendingSlots(before, node.slots.length).length > 1;
    const isJoin = after.joined !== state.joined;
    if (others || isJoin || counted.kind === "lost") return { state: after, ...rejected };
    const begun = graphIndex(nodes)
      .followersOf(at)
      .filter((follower) => {
        return atSlot(after.nodes, follower) !== atSlot(next.nodes, follower);
      });
    return { state: after, starts: begun.flatMap((follower) => tasksOf(of, after, follower)) };
  }
  // Whether a step does without a silent group shows at the next tick.
  const failed = node.group === undefined ? giveUp(of, node, quorum, atMs) : null;
  if (failed !== null) return { state: next, failed, ...rejected };
  if (counted.kind === "done")
    return { state: next, ...(isAlone(quorum, replica) && { starts: [] }), ...rejected };
  if (backupNumberOf(task.id) > 0) return { state: next, ...rejected };
  const starts = [taskOf(of, next, at, pendingAt(quorum, replica))];
  return { state: next, starts, ...rejected };
}

/** The tasks of a node that runs: of its replicas that have not replied. */
function tasksOf<State extends Traversing<Reply>, Task extends NodePlace, Reply>(
  of: Of<State, Task, Reply>,
  state: State,
  at: number,
): Task[] {
  const { quorum } = atSlot(state.nodes, at)!;
  const { slots } = of.nodes(state)[at]!;
  return pendingSlots(quorum, slots.length).map((pending) => taskOf(of, state, at, pending));
}

function taskOf<State extends Traversing<Reply>, Task extends NodePlace, Reply>(
  of: Of<State, Task, Reply>,
  state: State,
  at: number,
  pending: PendingSlot,
): Task {
  const { step } = state;
  const { key: node, slots } = of.nodes(state)[at]!;
  const { slot: replica, notBeforeMs } = pending;
  const slot = slots[replica]!;
  const id = `step-${step}/${node}/${taskNameOf({ ...pending, slot })}`;
  return of.task(state, { id, slot, notBeforeMs, step, node, replica }, outputsOf(of, state));
}

function outputsOf<State extends Traversing<Reply>, Task extends NodePlace, Reply>(
  of: Of<State, Task, Reply>,
  state: State,
): Outputs<Reply> {
  return (key) => {
    const { replies } = atSlot(state.nodes, graphIndex(of.nodes(state)).placeOf(key))!.quorum;
    return slotNumbers(replies).map((replica) => atSlot(replies, replica)!);
  };
}

/** The state with every node begun that nothing holds up: those that come after none. */
function opened<State extends Traversing<Reply>, Task extends NodePlace, Reply>(
  of: Of<State, Task, Reply>,
  state: State,
  atMs: number,
): State {
  if (state.finished) return state;
  let next = state;
  for (const [at, { after, afterGroups }] of of.nodes(state).entries())
    if (after.length === 0 && !afterGroups)
      next = withNode(next, at, { quorum: openQuorum(atMs), isDone: false });
  return next;
}

/** The node is done, and those begin that waited for it alone. */
function withDone<State extends Traversing<Reply>, Task extends NodePlace, Reply>(
  of: Of<State, Task, Reply>,
  state: State,
  at: number,
  atMs: number,
): State {
  const { quorum } = atSlot(state.nodes, at)!;
  let next: State = {
    ...withNode(state, at, { quorum, isDone: true }),
    doneCount: state.doneCount + 1,
  };
  const joined = next.joined ?? groupsDone(of.nodes(state), next, of.groupsNeeded);
  if (joined !== next.joined) next = { ...next, joined };
  // What comes after groups may wait for others once it is known which count.
  const nodes = of.nodes(next);
  const { placeOf, followersOf } = graphIndex(nodes);
  const isDone = (key: string) => atSlot(next.nodes, placeOf(key))?.isDone === true;
  const mayBegin = ({ after, afterGroups }: GraphNode) =>
    (!afterGroups || next.joined !== undefined) && after.every(isDone);
  const isJoin = next.joined !== state.joined;
  const others = isJoin ? nodes.flatMap((node, i) => (node.afterGroups ? [i] : [])) : [];
  for (const follower of [...followersOf(at), ...others])
    if (mayBegin(nodes[follower]!))
      next = withNode(next, follower, { quorum: openQuorum(atMs), isDone: false });
  return next;
}

function finished<State extends Traversing<Reply>, Task extends NodePlace, Reply>(
  of: Of<State, Task, Reply>,
  state: State,
  atMs: number,
): Step<State, Task> {
  const step = of.finish(state, outputsOf(of, state), atMs);
  return { ...step, state: opened(of, step.state, atMs) };
}
