import { RunError } from "../../../core/errors.ts";
import type { Problem } from "../../../problems/problem.ts";
import type { RunSpec } from "../../spec.ts";
import type { Parts } from "../method.ts";
import { type GossipOptions, graphOf } from "./gossip-options.ts";

/** Refuses, before anything is read, whatever would have no guarantee or no meaning. */
export function refuse(spec: RunSpec, { problem, encoding, wait }: Parts, options: GossipOptions) {
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
  if (encoding.mixes || encoding.redundancy !== 1) {
    throw new RunError(
      "not-private",
      `encoding: ${spec.encoding.type}: ` +
        (encoding.mixes
          ? "a mixture's gradient holds products of several records, which no clipping of rows " +
            "bounds, and whoever decodes sees them all"
          : "a record would be at several nodes, which release it several times"),
      { hint: "leave encoding out: every node keeps its own rows, uncoded" },
    );
  }
  refuseProblem(spec, problem);
  refuseData(spec);
  refuseBudget(privacy);
  if (wait.wantsGradient || spec.auto !== undefined) {
    throw new RunError("bad-combination", "wait: consensus has no gradients to choose k by", {
      hint: "choose all, { fastest: k } or { deadline: 800ms, atLeast: k }",
    });
  }
  graphOf(options, spec.workers);
}

function refuseProblem(spec: RunSpec, problem: Problem): void {
  const { type } = spec.problem;
  if (problem.l1 > 0) {
    throw new RunError("not-proximal", `problem: ${type}: gossip follows gradients`, {
      hint: "choose problem: ridge, logistic, softmax, squared-hinge or mean",
    });
  }
  if (problem.addApart !== undefined) return;
  if (problem.pairs === undefined && problem.predict === undefined && !("pieces" in problem))
    return;
  throw new RunError("bad-combination", `problem: ${type}: its loss is not convex`, {
    hint: "choose problem: ridge, logistic, softmax, squared-hinge or mean",
  });
}

/** What is learned from all rows before training is in every number that follows. */
function refuseData({ data }: RunSpec): void {
  const leak = (setting: string, what: string, hint: string) =>
    new RunError("not-private", `data.${setting}: ${what}, which nobody has paid for`, { hint });
  if (data.standardize)
    throw leak(
      "standardize",
      "true: means and deviations of all rows would be in every feature",
      "give data.standardize: false, and scale features by public numbers beforehand",
    );
  if (data.missing === "impute")
    throw leak("missing", "impute: means of all rows would stand in some", "fill them beforehand");
}

function refuseBudget({ unit, adjacency, noise, delta, divisor }: NonNullable<RunSpec["privacy"]>) {
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
  if (unit === "record" && adjacency === "add-remove" && divisor === undefined)
    throw refuse(
      "divisor",
      "nothing given, and under add-remove a node's number of rows is private",
      "give a public number, such as the rows a node is expected to have",
    );
}
