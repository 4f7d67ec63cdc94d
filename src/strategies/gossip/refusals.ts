import { RunError } from "../../core/errors.ts";
import type { Problem } from "../../problems/problem.ts";
import type { RunSpec } from "../../spec/run-spec.ts";
import type { Members } from "../definition.ts";
import { checkPrivateRows, keptPlaces } from "../privacy-preconditions.ts";
import { type GossipOptions, gossipGraph } from "./options.ts";

/** Refuses, before anything is read, whatever would have no guarantee or no meaning. */
export function checkGossip(spec: RunSpec, parts: Members, options: GossipOptions) {
  const { problem } = parts;
  const { privacy } = spec;
  if (privacy === undefined) {
    throw new RunError(
      "no-privacy",
      "strategy: gossip publishes states, and privacy is not given",
      {
        hint: "give privacy: { epsilon, delta, unit: node or record, adjacency, clip }",
      },
    );
  }
  checkPrivateRows(spec, parts);
  refuseProblem(spec, problem);
  refuseBudget(privacy);
  gossipGraph(options, spec.workers);
}

function refuseProblem(spec: RunSpec, problem: Problem): void {
  const { type } = spec.problem;
  if (problem.addClippedGradient !== undefined && problem.ownIntercepts !== true) return;
  if (problem.pairs === undefined && problem.predict === undefined && !("parameters" in problem))
    return;
  throw new RunError("bad-combination", `problem: ${type}: its loss is not convex`, {
    hint: "choose problem: ridge, logistic, softmax, squared-hinge or mean",
  });
}

function refuseBudget({ unit, adjacency, noise, delta }: NonNullable<RunSpec["privacy"]>) {
  const refuse = (path: string, what: string, hint: string) =>
    new RunError("ambiguous-privacy", `privacy.${path}: ${what}`, { hint });
  if (noise === "gaussian" && delta === 0)
    throw refuse("delta", "0, which normal noise cannot keep", "give delta, or noise: laplace");
  if (noise === "laplace" && delta !== 0)
    throw refuse("delta", `${delta} beside laplace, whose guarantee is pure`, "give delta: 0");
  if (unit === "node" && adjacency !== "replace-one")
    throw refuse(
      "adjacency",
      `${adjacency} for nodes, whose number all can see`,
      "choose replace-one: a node's data are any others",
    );
  if (unit === "record" && adjacency === "add-remove")
    throw new RunError(
      "not-private",
      "privacy.adjacency: add-remove for records: one record more or less moves others from node " +
        "to node, and the messages of each would tell",
      { hint: keptPlaces },
    );
}
