import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { campaign } from "../../campaign.ts";
import { staged } from "../../roles/under-roles.ts";
import { fatesOf } from "../../run/virtual-run.ts";
import { inOnePiece, pipelined, pipelineSpec } from "./pipelined.ts";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "kofn-tensor-"));
  await writeFile(join(folder, "some.txt"), "she sells sea shells by the sea shore. ".repeat(12));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const stop = { rounds: campaign(3, 5), tolerance: 0 };
const sgd = { optimizer: { type: "sgd", learningRate: 0.1, momentum: 0.9 }, stop };
const clipped = { optimizer: { type: "adam", learningRate: 0.05, clip: 0.2 }, stop };
const text = () => ({
  ...sgd,
  data: {
    source: join(folder, "some.txt"),
    text: { vocabulary: "characters", length: 16 },
    test: 0,
  },
});
const ratings = {
  ...sgd,
  problem: {
    ...{ type: "network", loss: "meanSquaredError", backend: "wasm" },
    model: join(import.meta.dirname, "../../fixtures/networks/small-recommender.ts"),
  },
  data: {
    generate: { type: "ratings", rows: 60, users: 12, items: 8, rank: 2 },
    ...{ standardize: false, test: 0 },
  },
};

const all = { batch: "all", microbatches: 3 };
const cases = [
  {
    what: "dense layers of one stage",
    spec: () => pipelineSpec({ ...all, stages: 1, tensor: 2 }, sgd),
  },
  {
    what: "clipped steps, over two stages of four",
    spec: () => pipelineSpec({ ...all, stages: 2, tensor: 4 }, clipped),
  },
  {
    what: "a transformer's attention, blocks and tables",
    spec: () => pipelineSpec({ ...all, stages: 2, tensor: 2 }, text(), "small-transformer.ts"),
  },
  {
    what: "a softmax over a divided vocabulary",
    spec: () =>
      pipelineSpec(
        { ...all, stages: 2, tensor: 4, split: { next: "vocabulary", table: "vocabulary" } },
        text(),
        "next-token.ts",
      ),
  },
  {
    what: "tables by vocabulary",
    spec: () =>
      pipelineSpec(
        {
          ...all,
          stages: 1,
          tensor: 4,
          split: { user_factors: "vocabulary", item_inputs: "vocabulary" },
        },
        ratings,
      ),
  },
];

describe("workers that share layers come to what one process comes to", () => {
  it.each(cases)("$what", async ({ spec }) => {
    const given = spec();
    const { weights: aim } = await inOnePiece(given);
    const { run, record } = await pipelined(given);
    const { weights, digest, events } = await run("calm");
    const { stages, tensor } = record.spec.strategy as unknown as {
      stages: number;
      tensor: number;
    };
    expect(record.spec.workers).toBe(stages * tensor);
    const asked = new Set(events.flatMap((one) => (one.type === "arrival" ? [one.slot] : [])));
    expect(asked.size).toBeGreaterThan(stages);
    const largest = Math.max(...aim.map(Math.abs));
    const apart = aim.map((weight, i) => Math.abs(weight - weights[i]!) / largest);
    expect(Math.max(...apart)).toBeLessThan(1e-5);
    const weather = { model: "lambda", failures: "10%", duplicates: "10%" };
    expect((await run("weather", { fateOf: fatesOf(weather) })).digest).toBe(digest);
  });
});

const refusals = [
  [{ tensor: 5 }, {}, /^strategy\.split: "first": its 8 units are no multiple of 5/],
  [
    { tensor: 2, split: { last: "column" } },
    {},
    /"last" by column: its 3 units are no multiple of 2/,
  ],
  [{ tensor: 2, split: { fist: "column" } }, {}, /there is no layer "fist"/],
  [{ tensor: 2, split: { sum: "row" } }, {}, /a layer of class Add is not divided by row/],
  [{ tensor: 2, split: { tied: "column" } }, {}, /"tied" by column: it is used more than once/],
  [
    { tensor: 2, split: { first: "vocabulary" } },
    {},
    /"first" by vocabulary: it is not the model's/,
  ],
  [{ split: { first: "column" } }, {}, /no layer is divided/],
  [
    { tensor: 2 },
    { optimizer: { type: "muon", learningRate: 0.02 } },
    /muon looks at whole matrices/,
  ],
] as const;

it.each(refusals)("%j is refused", async (options, more, message) => {
  await expect(staged(pipelineSpec({ stages: 1, ...options }, more))).rejects.toThrow(message);
});
