import { describe, expect, it } from "vitest";
import type { WorkerTask } from "../../../src/tasks/protocol.ts";
import { inOnePiece, pipelined, pipelineSpec } from "./pipelined.ts";

const digests = new Map<string, Promise<string>>();

/** Of the weights that a run of the spec comes to, which all who ask for it share. */
function digestOf(spec: object): Promise<string> {
  const name = JSON.stringify(spec);
  const made =
    digests.get(name) ?? pipelined(spec).then(async ({ run }) => (await run("one")).digest);
  digests.set(name, made);
  return made;
}

type Variant = readonly [how: string, options: object];

const others: readonly Variant[] = [
  ["one stage", { stages: 1 }],
  ["two stages", { stages: 2 }],
  ["four stages", { stages: 4 }],
  ["all forward passes first", { schedule: "simple" }],
  ["backward passes first", { schedule: "interleaved", activeMicrobatches: 2 }],
  ["cuts by the tree", { stages: 2, partitioner: "tree", schedule: "interleaved" }],
  ["kept forward passes", { recompute: false }],
  ["kept forward passes, all at once", { recompute: false, schedule: "simple" }],
];

describe("the weights of a network are the same bits", () => {
  it.each<Variant>([
    ...others,
    ["the shared layer in one place", { stages: 2, shared: "colocate" }],
    ["a layout", { placement: "first tied | middle | ..." }],
    ["layers placed by hand", { placement: { first: 0, tied: 1, middle: 1, sum: 1, last: 2 } }],
  ])("with a layer used twice: %s", async (_how, options) => {
    expect(await digestOf(pipelineSpec(options))).toBe(await digestOf(pipelineSpec()));
  });

  const small = (options: object) =>
    pipelineSpec(
      options,
      { data: { generate: { type: "classification", rows: 40, features: 7 }, test: 0 } },
      "small.ts",
    );
  it.each(others)("with batch normalisation and dropout: %s", async (_how, options) => {
    expect(await digestOf(small(options))).toBe(await digestOf(small({})));
  });
});

it("other microbatches, another order of rows and another seed are told apart", async () => {
  const specs = [
    pipelineSpec(),
    pipelineSpec({ microbatches: 5 }),
    pipelineSpec({ batch: "all" }),
    pipelineSpec({}, { seed: 2 }),
  ];
  const found = await Promise.all(specs.map(digestOf));
  expect(new Set(found).size).toBe(specs.length);
});

it("stages: auto takes as few as fit, or what the placement has, and is recorded", async () => {
  for (const [options, workers] of [
    [{}, 1],
    [{ placement: "first | tied | ..." }, 3],
  ] as const) {
    const { record, run } = await pipelined(pipelineSpec({ stages: "auto", ...options }));
    expect(record.spec).toMatchObject({ workers, strategy: { stages: workers } });
    expect((await run("one")).digest).toBe(await digestOf(pipelineSpec()));
  }
});

it("a kept forward pass is read nothing for, and is of no use to whoever lacks it", async () => {
  const { run } = await pipelined(pipelineSpec({ recompute: false }), "by reference");
  const reads = async (name: string, stripped: boolean) => {
    let count = 0;
    const { digest } = await run(name, {
      worker: (perform) => async (task) => {
        const { isKept: _, ...cold } = task as WorkerTask & { isKept?: true };
        const reply = await perform(stripped && task.operation === "stage-backward" ? cold : task);
        count += reply.storeReads ?? 0;
        return reply;
      },
    });
    return { count, digest };
  };
  const kept = await reads("kept", false);
  const lost = await reads("lost", true);
  expect(kept.digest).toBe(await digestOf(pipelineSpec()));
  expect(lost.digest).toBe(kept.digest);
  expect(kept.count).toBeLessThan(lost.count);
});

describe("activations of 200 numbers an example", () => {
  // 327 examples are just within 256 KiB, 328 just above; the last are 20 MB.
  it.each([
    [327, "by value"],
    [328, "by reference"],
    [26_300, "by reference"],
  ])("of %i examples go %s, at the same weights", async (rows, how) => {
    const spec = pipelineSpec(
      { stages: 2, placement: "1 | ...", batch: "all", microbatches: 1 },
      { data: { generate: { type: "classification", rows, features: 12 }, test: 0 } },
      "bulky.ts",
    );
    const ways = new Set<string>();
    const { run } = await pipelined(spec);
    const { digest, weights } = await run("one", {
      worker: (perform) => (task) => {
        if (task.operation === "stage-backward")
          for (const one of [...task.imports, ...task.slopes])
            ways.add(ArrayBuffer.isView(one) ? "by value" : "by reference");
        return perform(task);
      },
    });
    expect([...ways]).toEqual([how]);
    if (rows > 1_000) {
      const { weights: aim } = await inOnePiece(spec);
      const largest = Math.max(...aim.map(Math.abs));
      const apart = aim.map((weight, i) => Math.abs(weight - weights[i]!) / largest);
      expect(Math.max(...apart)).toBeLessThan(1e-5);
    } else expect((await (await pipelined(spec, "by reference")).run("one")).digest).toBe(digest);
  });
});
