import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { Prepared } from "../../../src/data/manifests.ts";
import { evaluate } from "../../../src/run/evaluate.ts";
import { loadProblem } from "../../../src/run/ingest.ts";
import { readEncodedManifest } from "../../../src/worker/worker-context.ts";
import { campaign } from "../../campaign.ts";
import { fatesOf } from "../../run/virtual-run.ts";
import { inOnePiece, pipelined, pipelineSpec } from "./pipelined.ts";

/** Environments that crash, and invocations that run twice. */
const weather = { model: "lambda", failures: "3%", duplicates: "2%" };
const stop = { rounds: campaign(8, 60), tolerance: 0, patience: 600 };

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "kofn-networks-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Trains it in stages in weather, and in one piece without any: what each comes to. */
async function bothWays(spec: object) {
  const { objective: aim } = await inOnePiece(spec);
  const { run, record, store } = await pipelined(spec);
  const { weights, events } = await run("weather", { fateOf: fatesOf(weather) });
  const problem = await loadProblem(record.spec.problem, store);
  const prepared = await readEncodedManifest<Prepared>(store, record.prepared);
  const [own] = await evaluate({ store, prepared }, problem, [Float32Array.from(weights)]);
  const lost = events.filter((event) => event.type === "arrival" && event.fate === "lost");
  const first = events.find((event) => event.type === "round")!;
  return { aim, own: own!.objective, lost: lost.length, first: first.objectiveEstimate };
}

function expectEqual({ aim, own, lost, first }: Awaited<ReturnType<typeof bothWays>>): void {
  expect(lost).toBeGreaterThan(0);
  expect(Math.abs(own / aim - 1)).toBeLessThan(0.01);
  // It has learned something, or any two losses were alike.
  expect(own).toBeLessThan(0.99 * first);
}

it("neural collaborative filtering over three stages, with crashes and repeats", async () => {
  const problem = { type: "network", loss: "meanSquaredError", backend: "wasm" };
  const spec = pipelineSpec(
    { batch: "all", microbatches: 6 },
    {
      problem: { ...problem, model: fixture("small-recommender.ts") },
      data: {
        generate: { type: "ratings", rows: 1_200, users: 60, items: 40, rank: 2 },
        standardize: false,
        test: 0,
      },
      stop,
    },
  );
  expectEqual(await bothWays(spec));
});

it.skipIf(process.env.KOFN_DATA === undefined)(
  "a small GPT over three stages, with crashes and repeats",
  async () => {
    const text = await readFile(join(process.env.KOFN_DATA!, "tinyshakespeare.txt"), "utf8");
    const source = join(folder, "some.txt");
    await writeFile(source, text.slice(0, campaign(3_000, 40_000)));
    const spec = pipelineSpec(
      { batch: "all", microbatches: 5 },
      {
        data: { source, text: { vocabulary: "characters", length: 16 }, test: 0 },
        stop,
      },
      "small-transformer.ts",
    );
    expectEqual(await bothWays(spec));
  },
);

function fixture(name: string): string {
  return join(import.meta.dirname, "../../fixtures/networks", name);
}
