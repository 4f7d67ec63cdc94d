import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { resolveMembers } from "../../../src/run/resolve-members.ts";
import { resolveSpec } from "../../../src/run/resolve-spec.ts";
import { readSpec } from "../../../src/run/spec-file.ts";
import { sensitivityOf } from "../../../src/strategies/gossip/definition.ts";
import { temporaryHome } from "../../scenarios/workplace.ts";

const privacy = { epsilon: 1, delta: 1e-5, unit: "node", adjacency: "replace-one", clip: 1 };
const base = {
  problem: "ridge",
  data: { generate: { type: "regression", rows: 100 }, standardize: false },
  workers: 8,
  strategy: { type: "gossip" },
  wait: "all",
  privacy,
};

const classified = { ...base.data, classes: [0, 1] };

describe("refused while planning, with the reason", () => {
  test.each<[object, string, string]>([
    [{ privacy: undefined }, "no-privacy", "privacy is not given"],
    [{ privacy: { ...privacy, unit: undefined } }, "bad-value", "privacy.unit"],
    [{ privacy: { ...privacy, adjacency: undefined } }, "bad-value", "privacy.adjacency"],
    [{ privacy: { ...privacy, clip: undefined } }, "bad-value", "privacy.clip"],
    [{ privacy: { ...privacy, delta: 0 } }, "ambiguous-privacy", "normal noise cannot keep"],
    [{ privacy: { ...privacy, noise: "laplace" } }, "ambiguous-privacy", "is pure"],
    [{ privacy: { ...privacy, adjacency: "add-remove" } }, "ambiguous-privacy", "for nodes"],
    [
      { privacy: { ...privacy, unit: "record", adjacency: "add-remove" } },
      "not-private",
      "privacy.adjacency: add-remove for records",
    ],
    [{ encoding: "hadamard" }, "not-private", "products of several records"],
    [{ encoding: "replication" }, "not-private", "at several nodes"],
    [{ problem: "lasso" }, "not-proximal", "follows gradients"],
    [
      { problem: { type: "network", model: "model.json" }, data: classified },
      "bad-combination",
      "is not convex",
    ],
    [{ data: { ...base.data, standardize: true } }, "not-private", "data.standardize"],
    [{ data: { ...base.data, missing: "impute" } }, "not-private", "data.missing"],
    [{ problem: "logistic" }, "not-private", "data.classes"],
    [{ wait: "adaptive" }, "bad-combination", "no gradients"],
    [{ strategy: "rounds", encoding: "uncoded" }, "not-private", "without noise"],
    [{ workers: 7, strategy: { type: "gossip", graph: "torus" } }, "bad-graph", "divisors"],
    [{ strategy: { type: "gossip", graph: "rign" } }, "unknown-name", "strategy.graph"],
  ])("%j", (change, code, message) => {
    const attempt = () => resolveMembers(resolveSpec({ ...base, ...change }));
    expect(attempt).toThrow(
      expect.objectContaining({ code, message: expect.stringContaining(message) }),
    );
  });

  test("and what is left is not", () => {
    for (const graph of ["ring", "torus", "complete", "expander"])
      resolveMembers(resolveSpec({ ...base, strategy: { type: "gossip", graph } }));
    const record = { ...privacy, unit: "record", adjacency: "zero-out", divisor: 12 };
    resolveMembers(
      resolveSpec({
        ...base,
        problem: "softmax",
        data: classified,
        privacy: record,
      }),
    );
    resolveMembers(
      resolveSpec({
        ...base,
        problem: "mean",
        privacy: { ...privacy, noise: "laplace", delta: 0 },
      }),
    );
  });
});

test("sensitivity by unit and adjacency, clip 3 and divisor 10", () => {
  const of = (unit: "node" | "record", adjacency: "replace-one" | "add-remove" | "zero-out") =>
    sensitivityOf({ unit, adjacency, clip: 3 }, 10);
  expect(of("node", "replace-one")).toBe(6);
  expect(of("record", "replace-one")).toBe(0.6);
  expect(of("record", "add-remove")).toBe(0.3);
  expect(of("record", "zero-out")).toBe(0.3);
});

test("a graph's file is read from the spec's folder, and its edges are recorded", async () => {
  await using home = await temporaryHome();
  const strategy = { type: "gossip", graph: { type: "file", path: "ring.txt" } };
  await writeFile(join(home.path, "run.json"), JSON.stringify({ ...base, workers: 3, strategy }));
  await writeFile(join(home.path, "ring.txt"), "# three in a row\n0 1\n1 2\n");
  const spec = await readSpec(join(home.path, "run.json"));
  expect(spec.strategy.graph).toEqual({
    type: "file",
    edges: [
      [0, 1],
      [1, 2],
    ],
  });
  resolveMembers(spec);
  await writeFile(join(home.path, "ring.txt"), "0 1\n");
  const apart = await readSpec(join(home.path, "run.json"));
  expect(() => resolveMembers(apart)).toThrow("no path leads from node 0 to node 2");
  await writeFile(join(home.path, "ring.txt"), "0 one\n");
  await expect(readSpec(join(home.path, "run.json"))).rejects.toThrow("ring.txt: line 1");
});
