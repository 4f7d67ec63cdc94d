import { describe, expect, it } from "vitest";
import { costModel, tracedGraph } from "../../src/model-parallel/cost-model.ts";
import { partitionGraph } from "../../src/model-parallel/graph-partitioner.ts";
import { indexGraph } from "../../src/model-parallel/layer-graph.ts";
import { checkPartition, type Partition, stageTable } from "../../src/model-parallel/partition.ts";
import { placeByLayer, placeByLayout } from "../../src/model-parallel/placement.ts";
import { chain, graphOf, plainRule, traceOf } from "./synthetic.ts";

describe("every layer is on exactly one stage", () => {
  it.each([
    [30, 4],
    [38, 8],
    [61, 7],
  ])("%i layers over %i, and the heaviest stage is told", (length, stages) => {
    const graph = chain(length);
    const trace = traceOf(graph);
    const model = costModel(tracedGraph(graph, trace), trace, plainRule);
    const partition = partitionGraph(model, stages, "replicate");
    expect(partition.stages.flatMap(({ nodes }) => nodes)).toEqual(graph.nodes.map(({ id }) => id));
    const { rows, slowest } = stageTable(model, partition);
    expect(rows[slowest]!.layers).toHaveLength(Math.ceil(length / stages));
    expect(rows[slowest]!.busyMs).toBeGreaterThan((3 * length) / stages);
    // What others do: as many layers on each stage as divide, the rest forgotten.
    const each = Math.floor(length / stages);
    const rest = new RegExp(`"layer${stages * each}".* of ${length} layers on no stage`);
    expect(() => placeByLayout(model.index, `(${each}|)*${stages}`, "replicate")).toThrow(rest);
    const placed = placeByLayout(model.index, `(${each}|)*${stages - 1} ...`, "replicate");
    expect(placed.stages.at(-1)!.nodes).toHaveLength(length - each * (stages - 1));
  });
});

describe("placement by hand", () => {
  const index = indexGraph(
    graphOf([
      ["embed", "x"],
      ["block/one", "embed"],
      ["block/two", "block/one"],
      ["head", "block/two"],
      ["embed", "head"],
      ["loss", "embed#1"],
    ]),
  );
  const nodes = ({ stages }: Partition) => stages.map((stage) => stage.nodes.join(" "));

  it("names layers, uses, and nested models", () => {
    const placed = placeByLayer(
      index,
      { embed: 0, "embed#1": 1, block: 0, "block/two": 1, head: 1, loss: 1 },
      "replicate",
    );
    expect(nodes(placed)).toEqual(["embed block/one", "block/two head embed#1 loss"]);
  });

  it.each([
    ["embed | 2 | ...", ["embed", "block/one block/two", "head embed#1 loss"]],
    ["(2|)*3", ["embed block/one", "block/two head", "embed#1 loss"]],
    ["head | 1*2", ["embed block/one block/two head", "embed#1 loss"]],
    ["(1|)*2 (1,1|)*2", ["embed", "block/one", "block/two head", "embed#1 loss"]],
  ])("reads the layout %s", (layout, expected) => {
    expect(nodes(placeByLayout(index, layout, "replicate"))).toEqual(expected);
  });

  const byLayer = (of: Record<string, number>) => () => placeByLayer(index, of, "colocate");
  const byLayout = (of: string) => () => placeByLayout(index, of, "replicate");
  const whole = { embed: 0, block: 0, head: 0, loss: 0 };
  it.each<[string, () => unknown]>([
    ['there is no layer "blok"', byLayer({ ...whole, blok: 1 })],
    ['"loss" of 6 layers on no stage', byLayer({ embed: 0, block: 0, head: 0 })],
    ["stage 1 has no layers", byLayer({ ...whole, loss: 2 })],
    ["-1 is no stage", byLayer({ ...whole, loss: -1 })],
    [
      '"embed" is used on the stages 0 and 1: a cut through',
      byLayer({ ...whole, "embed#1": 1, loss: 1 }),
    ],
    ['"head" on stage 0 reads "block/two" of the later', byLayer({ ...whole, "block/two": 1 })],
    ["7 layers placed, the model has 6", byLayout("7")],
    ["stage 1 has no layers", byLayout("2 || 4")],
    ['no layer "hed" after the first 2', byLayout("2 | hed")],
    ['"(" without ")"', byLayout("(2|")],
    ['")" without "("', byLayout("2|)")],
    ['"*x"', byLayout("2*x")],
  ])("refuses: %s", (message, work) => {
    expect(work).toThrow(message);
  });

  it("gives the nearest name", () => {
    expect(byLayer({ ...whole, blok: 1 })).toThrow(
      expect.objectContaining({ hint: expect.stringContaining('did you mean "block"?') }),
    );
  });

  it("refuses a use on two stages", () => {
    const twice = { stages: [0, 1].map((worker) => ({ worker, nodes: ["embed"] })) };
    expect(() => checkPartition(index, twice, "replicate")).toThrow("on the stages 0 and 1");
  });
});
