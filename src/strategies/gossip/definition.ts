import { define } from "../../core/registry.ts";
import type { PrivacyOptions } from "../../privacy/options.ts";
import type { RunSpec } from "../../spec/run-spec.ts";
import { metropolis, repeated } from "../../topology/mixing.ts";
import { type StrategyContext, type StrategyDefinition, trainingStrategy } from "../definition.ts";
import { privateChoices } from "../privacy-preconditions.ts";
import { encodeRows } from "../rounds/definition.ts";
import { type GossipOptions, gossipGraph, gossipOptions } from "./options.ts";
import { checkGossip } from "./refusals.ts";
import { calibrated } from "./schedule.ts";
import { type GossipPlan, observersInWords, type PublishedRound } from "./state.ts";
import { gossip } from "./strategy.ts";

/** Consensus of nodes that see their own rows and noised messages only. */
export const gossipStrategy = define({
  name: "gossip",
  summary: "consensus on a graph: nodes publish nothing but their states under noise",
  reference: "Showkatbakhsh, Karakus, Diggavi, arXiv 1903.07792; baseline: Huang et al., 2015",
  options: gossipOptions,
  examples: [{}, { graph: "ring", steps: 0.1, region: { box: [-1, 1] }, repeats: 2 }],
  create: (chosen): StrategyDefinition => ({
    stateVersion: 1,
    usual: { encoding: "uncoded", optimizer: "gradient-descent" },
    accepts: {
      ...privateChoices,
      problems: { only: ["smooth"], code: "not-proximal", because: "gossip follows gradients" },
      privacy: true,
      tableRows: "neighbours tell all of their weights under noise",
    },
    privacyPlan: () => ({ observers: observersInWords, publisher: "node" }),
    check: (spec, parts) => checkGossip(spec, parts, chosen),
    needsCurvature: () => false,
    stage: encodeRows,
    open: (context) => trainingStrategy(gossip(gossipPlan(context, chosen))),
  }),
});

/** What the strategy needs to know, once every node has its rows. */
export function gossipPlan(opening: StrategyContext, chosen: GossipOptions): GossipPlan {
  const { spec, problem, wait, prepared, encoded } = opening;
  const { columns, preparation } = prepared;
  const privacy = spec.privacy!;
  const graph = gossipGraph(chosen, spec.workers);
  const weightsLength = problem.weightsLength(columns, preparation.target.classes?.length ?? 0);
  const nodes = encoded.slots.map(({ rows }) => privacy.divisor ?? rows);
  const shared = { dimension: weightsLength, intercept: preparation.intercept };
  const schedules = nodes.map((divisor) => scheduleOf(spec, chosen, privacy, divisor, shared));
  return {
    graph,
    mixing: repeated(metropolis(graph), chosen.repeats + 1),
    weightsLength,
    messages: Array.from({ length: spec.stop.rounds }, (_, t) => schedules.map((of) => of[t]!)),
    unit: privacy.unit,
    budget: { epsilon: privacy.epsilon, delta: privacy.delta },
    observers: observersInWords,
    wait,
    patienceMs: spec.stop.patience * 1000,
  };
}

function scheduleOf(
  spec: RunSpec,
  { steps, region }: GossipOptions,
  privacy: PrivacyOptions,
  divisor: number,
  shared: { readonly dimension: number; readonly intercept: boolean },
): PublishedRound[] {
  const { clip, noise: mechanism, adjacency, epsilon, delta } = privacy;
  const gradientSensitivity = sensitivityOf(privacy, divisor);
  const { dimension, intercept } = shared;
  const calibration = { steps, messages: spec.stop.rounds, dimension, noise: mechanism };
  const messages = calibrated({ ...calibration, epsilon, delta, gradientSensitivity });
  return messages.map(({ step, sensitivity, noise }) => ({
    rule: { step, clip, divisor, region, intercept },
    noise: { mechanism, adjacency, sensitivity, noise },
  }));
}

/**
 * By how much a neighbour moves the mean of a node's clipped gradients. A node that is another one
 * turns it around within the ball of radius `clip`; a record, its own part of it; one that is there
 * or not, half as much.
 */
export function sensitivityOf(
  { unit, adjacency, clip }: Pick<PrivacyOptions, "unit" | "adjacency" | "clip">,
  divisor: number,
): number {
  const moved = adjacency === "replace-one" ? 2 * clip : clip;
  return unit === "node" ? moved : moved / divisor;
}
