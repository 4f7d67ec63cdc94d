import { readFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, expect, it } from "vitest";
import type { RunEvent } from "../../../src/ports/events.ts";
import type { EncodedPipeline } from "../../../src/strategies/pipeline/cut.ts";
import { readEncodedManifest } from "../../../src/worker/worker-context.ts";
import { inOnePiece, pipelined } from "./pipelined.ts";

const phrases = new URL("../../../examples/phrases/phrases.tsv", import.meta.url);

let source = "";
beforeAll(async () => {
  const folder = await mkdtemp(join(tmpdir(), "kofn-pairs-"));
  source = join(folder, "some.tsv");
  const lines = readFileSync(phrases, "utf8").split("\n").slice(0, 30);
  await writeFile(source, `${lines.join("\n")}\n`);
  return () => rm(folder, { recursive: true });
});

/** Microbatches whose longest sentences differ, all of them shorter than a sentence may be. */
function specOf(options: object = {}): object {
  return {
    problem: {
      ...{ type: "translation", width: 8, heads: 2, layers: 2, hidden: 12, dropout: 0 },
      backend: "wasm",
    },
    data: { source, pairs: { vocabulary: { bytePair: 300 }, length: 24 }, test: 0 },
    strategy: { type: "pipeline", stages: 2, batch: "all", microbatches: 3, ...options },
    optimizer: { type: "adam", learningRate: 0.02 },
    stop: { rounds: 3, tolerance: 0, patience: 600 },
  };
}

function losses(events: readonly RunEvent[]): number[] {
  return events.flatMap((event) => (event.type === "round" ? [event.objectiveEstimate] : []));
}

function apart(a: ArrayLike<number>, b: ArrayLike<number>): number {
  const largest = Math.max(...Array.from(b, Math.abs));
  return Math.max(...Array.from(b, (value, i) => Math.abs(value - a[i]!))) / largest;
}

it("in stages a Transformer has the losses and weights of one process, step for step", async () => {
  const one = await inOnePiece(specOf());
  const two = await (await pipelined(specOf())).run("two");
  expect(one.losses).toHaveLength(3);
  expect(one.losses[2]).toBeLessThan(one.losses[0]! - 0.1);
  expect(apart(losses(two.events), one.losses)).toBeLessThan(1e-5);
  expect(apart(two.weights, one.weights)).toBeLessThan(1e-3);
  const single = await (await pipelined(specOf({ stages: 1 }))).run("one");
  expect(two.digest).toBe(single.digest);
});

it("the encoder's output goes to every stage of the decoder, at the same bits", async () => {
  const placement = [
    ...["decoder_0_attention_norm", "encoder_1_forward_norm", "decoder_0_forward_norm", "..."],
  ].join(" | ");
  const staged = await pipelined(specOf({ stages: 4, placement }), "by reference");
  const { pipeline } = await readEncodedManifest<EncodedPipeline>(
    staged.store,
    staged.record.encoded,
  );
  expect(pipeline.stages[1]!.consumers).toEqual([2, 3]);
  const table = pipeline.parts.find(({ tensors }) => tensors[0]!.name === "embedding/table")!;
  expect(table.stages).toEqual([0, 1, 3]);
  const { digest } = await staged.run("four");
  expect(digest).toBe((await (await pipelined(specOf())).run("two")).digest);
});
