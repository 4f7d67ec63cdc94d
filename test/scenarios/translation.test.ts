import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { withOpenRun } from "../../src/platform/training/open-run.ts";
import type { RoundEvent } from "../../src/ports/events.ts";
import { tableLine } from "../../src/report/table-lines.ts";
import { readHistory } from "../../src/run/finish.ts";
import { kofn } from "../cli/fixtures.ts";
import { realData } from "../data/fixtures.ts";
import { replayedDigest, runOn, temporaryHome } from "./workplace.ts";

const phrases = fileURLToPath(new URL("../../examples/phrases/phrases.tsv", import.meta.url));
const optimizer = {
  ...{ type: "adam", learningRate: 0.01, beta2: 0.98, epsilon: 1e-9 },
  schedule: { type: "inverse-sqrt", warmUp: 20 },
};
const spec = {
  problem: { type: "translation", width: 32, heads: 4, layers: 1, dropout: 0 },
  data: { source: phrases, pairs: { vocabulary: { bytePair: 340 }, length: 30 }, test: 0.1 },
  workers: 3,
  wait: { fastest: 2 },
  encoding: "uncoded",
  strategy: { type: "rounds", batch: { tokens: 384 } },
  optimizer,
  seed: 7,
};

test("any 2 of 3 train a translator; text goes in, text comes out, with BLEU", async () => {
  await using home = await temporaryHome();
  const all = (await readFile(phrases, "utf8")).split("\n");
  const lines = all.slice(0, 30);
  const source = join(home.path, "some.tsv");
  await writeFile(source, `${all.slice(0, 240).join("\n")}\n`);
  const { record, result } = await runOn("simulated", home.path, {
    ...spec,
    data: { ...spec.data, source },
    strategy: { type: "rounds", batch: { tokens: 256 } },
    optimizer: { ...optimizer, learningRate: 0.015 },
    weather: { model: "lambda", failures: "4%" },
    stop: { rounds: 40, tolerance: 0 },
  });
  expect(result.erasures).toBeGreaterThan(0);
  expect(result.metrics.train.logloss).toBeLessThan(1);
  // Per token, whatever the sentences' lengths: the objective with smoothed labels is more.
  expect(result.objective).toBeGreaterThan(result.metrics.train.logloss!);
  const [sources, references] = [0, 1].map((side) => lines.map((line) => line.split("\t")[side]!));
  const input = join(home.path, "input.txt");
  await writeFile(input, `${[...sources!, ""].join("\n")}\n`);
  const answers = join(home.path, "answers.txt");
  await writeFile(answers, `${[...references!, ""].join("\n")}\n`);
  const told = await kofn(home.path, "predict", record.run, input, "--references", answers);
  expect(told.exitCode).toBe(0);
  const translations = told.out.split("\n");
  expect(translations).toHaveLength(32);
  expect(translations[30]).toBe("");
  expect(translations.filter((line) => /^(am|im|vor|nahe) /.test(line)).length).toBeGreaterThan(20);
  expect(told.err).toContain("31 sentences translated (beam 4, length penalty 0.6)");
  const score = Number(/BLEU ([\d.]+)/.exec(told.err)![1]);
  expect(score).toBeGreaterThan(20);
  expect(told.err).toContain("nrefs:1|case:mixed|eff:no|tok:13a|smooth:exp|version:kofn-");
  const uneven = await kofn(home.path, "predict", record.run, input, "--references", phrases);
  expect(uneven.exitCode).toBe(2);
  expect(uneven.err).toContain("has more lines than");
  // References may stand in the file itself, after a tab.
  await writeFile(input, `${lines.slice(0, 9).join("\n")}\n`);
  const greedy = await kofn(home.path, "predict", record.run, input, "--beam", "1");
  expect(greedy.err).toContain("9 sentences translated (greedy)");
  expect(greedy.err).toContain("against 9 references: BLEU");
});

test("every backend and a replay come to the same bits", async () => {
  await using home = await temporaryHome();
  const source = join(home.path, "few.tsv");
  await writeFile(source, (await readFile(phrases, "utf8")).split("\n").slice(0, 60).join("\n"));
  const data = { ...spec.data, source };
  const short = { ...spec, data, workers: 2, wait: "all", stop: { rounds: 2, tolerance: 0 } };
  const simulated = await runOn("simulated", home.path, short);
  const { result, record } = await runOn("threads", home.path, short);
  expect(result.weightsDigest).toBe(simulated.result.weightsDigest);
  expect(await replayedDigest(home.path, record.run)).toBe(result.weightsDigest);
});

test("the tied table is told dense, and why; gathered, losses of sgd are the same", async () => {
  await using home = await temporaryHome();
  const source = join(home.path, "few.tsv");
  await writeFile(source, (await readFile(phrases, "utf8")).split("\n").slice(0, 20).join("\n"));
  const rounds = async (more: object) => {
    const { result, record } = await runOn("simulated", home.path, {
      ...{ ...spec, data: { ...spec.data, source }, workers: 2, wait: "all" },
      ...{ optimizer: { type: "sgd", learningRate: 0.05 }, stop: { rounds: 3, tolerance: 0 } },
      ...more,
    });
    const history = await withOpenRun({ home: home.path }, record.run, ({ store }) =>
      readHistory(store, record.run),
    );
    const events = history.filter((event): event is RoundEvent => event.type === "round");
    return { result, events, losses: events.map((event) => event.objectiveEstimate) };
  };
  for (const strategy of ["rounds", { type: "rounds", batch: { tokens: 2_000 } }]) {
    const auto = await rounds({ strategy });
    const [table] = auto.events[0]!.tables!;
    expect(table).toMatchObject({ dense: "tied", sentBytes: table!.denseBytes });
    expect(tableLine(table!)).toContain("used as a whole as well, such as by a tied output");
    const dense = await rounds({ strategy, gradients: "dense" });
    expect(auto.result.weightsDigest).toBe(dense.result.weightsDigest);
    const gather = await rounds({ strategy, gradients: "gather" });
    expect(gather.result.bytesUp).toBeGreaterThan(1.2 * auto.result.bytesUp);
    for (const [i, loss] of auto.losses.entries())
      expect(Math.abs(gather.losses[i]! / loss - 1)).toBeLessThan(1e-4);
    expect(gather.losses[2]).toBeLessThan(gather.losses[0]!);
  }
});

test("what does not go together is refused with the reason", async () => {
  await using home = await temporaryHome();
  const refused = (change: object) =>
    runOn("simulated", home.path, { ...spec, stop: { rounds: 1 }, ...change });
  await expect(refused({ data: { source: phrases } })).rejects.toThrow(/needs pairs of sentences/);
  const ridge = { problem: "ridge", strategy: "rounds", optimizer: "adam" };
  await expect(refused(ridge)).rejects.toThrow(/data.pairs: they are not for problem: ridge/);
});

const title =
  realData === null
    ? "Multi30k: skipped, KOFN_DATA names no folder"
    : "some pairs of Multi30k: two rounds, and a loss to begin with";

test.skipIf(realData === null)(title, async () => {
  await using home = await temporaryHome();
  for (const side of ["8k.de", "8k.en", "val.de", "val.en"]) {
    const lines = (await readFile(join(realData!, `multi30k.${side}`), "utf8")).split("\n");
    await writeFile(join(home.path, side), `${lines.slice(0, 100).join("\n")}\n`);
  }
  const file = (name: string) => join(home.path, name);
  const { result } = await runOn("simulated", home.path, {
    ...spec,
    data: {
      ...{ source: file("8k.de"), targetSource: file("8k.en"), test: file("val.de") },
      pairs: { vocabulary: { bytePair: 400 }, length: 60, testTargetSource: file("val.en") },
    },
    stop: { rounds: 2, tolerance: 0 },
  });
  expect(result.metrics.test.logloss).toBeLessThan(Math.log(404) + 0.7);
});
