import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { train, translate } from "../../src/index.ts";
import { withOpenRun } from "../../src/platform/training/open-run.ts";
import { corpusBleu } from "../../src/problems/translation/bleu.ts";
import { readHistory } from "../../src/run/finish.ts";
import { realData } from "../../test/data/fixtures.ts";

/**
 * German to English over 8 functions, any 6 of 8, on 8,000 pairs of Multi30k: when the training
 * loss a token is below 3.0, and BLEU of the validation sentences beside that of the source itself.
 */
const { values } = parseArgs({
  options: {
    backend: { type: "string", default: "threads" },
    rounds: { type: "string", default: "400" },
    tokens: { type: "string", default: "512" },
    width: { type: "string", default: "64" },
    layers: { type: "string", default: "2" },
    dropout: { type: "string", default: "0.1" },
    vocabulary: { type: "string", default: "2000" },
    rate: { type: "string", default: "0.005" },
    "warm-up": { type: "string", default: "200" },
    wait: { type: "string", default: "6" },
    show: { type: "string", default: "3" },
  },
});
const lossMax = 3;

if (realData === null) {
  console.log("skipped: the folder of data is not there (KOFN_DATA names another)");
  console.log(JSON.stringify({ bench: "translation", skipped: true }));
  process.exit(0);
}
const number = (name: keyof typeof values) => Number(values[name]);
const file = (name: string) => join(realData!, `multi30k.${name}`);
const home = await mkdtemp(join(tmpdir(), "kofn-bench-"));
try {
  const startedMs = performance.now();
  const secondsNow = () => (performance.now() - startedMs) / 1000;
  const before = process.cpuUsage();
  let rounds = 0;
  const recent: number[] = [];
  const { run, result, stop, reason } = await train(
    {
      problem: {
        type: "translation",
        width: number("width"),
        layers: number("layers"),
        dropout: number("dropout"),
      },
      data: {
        source: file("8k.de"),
        targetSource: file("8k.en"),
        test: file("val.de"),
        pairs: {
          vocabulary: { bytePair: number("vocabulary") },
          length: 60,
          testTargetSource: file("val.en"),
        },
      },
      workers: 8,
      wait: { fastest: number("wait") },
      encoding: "uncoded",
      strategy: { type: "rounds", batch: { tokens: number("tokens") } },
      optimizer: {
        type: "adam",
        learningRate: number("rate"),
        beta2: 0.98,
        epsilon: 1e-9,
        schedule: { type: "inverse-sqrt", warmUp: number("warm-up") },
      },
      stop: { rounds: number("rounds"), tolerance: 0, patience: 600 },
      seed: 7,
    },
    {
      backend: values.backend,
      home,
      listen(event) {
        if (event.type !== "round") return;
        rounds++;
        recent.push(event.objectiveEstimate);
        if (recent.length > 10) recent.shift();
        const mean = recent.reduce((sum, one) => sum + one, 0) / recent.length;
        if (rounds % 20 === 0)
          console.error(`round ${rounds}: ${mean.toFixed(3)} at ${secondsNow().toFixed()} s`);
      },
    },
  );
  if (stop !== "done") throw new Error(reason);
  const wholeSeconds = secondsNow();
  const { user, system } = process.cpuUsage(before);
  const processorSeconds = (user + system) / 1e6;
  const history = await withOpenRun({ home }, run, ({ store }) => readHistory(store, run));
  console.log("round  training loss a token  validation loss a token  accuracy");
  const evaluated = history.filter((event) => event.type === "evaluated");
  for (const event of evaluated)
    console.log(
      `${String(event.round).padStart(5)}  ${event.train.logloss!.toFixed(4).padStart(21)}  ` +
        `${event.test.logloss!.toFixed(4).padStart(23)}  ${event.test.accuracy!.toFixed(4)}`,
    );
  const searches = { greedy: 1, "beam 4, length penalty 0.6": 4 };
  const bleu: Record<string, number> = {};
  for (const [name, beam] of Object.entries(searches)) {
    const begunMs = performance.now();
    const lines: { line: string; translation: string; reference: string }[] = [];
    for await (const { reference, ...one } of translate(run, file("val.de"), {
      ...{ home, beam, references: file("val.en") },
    }))
      lines.push({ ...one, reference: reference! });
    const references = lines.map(({ reference }) => reference);
    const told = corpusBleu(
      lines.map(({ translation }) => translation),
      references,
    );
    bleu[name] = told.score;
    bleu["the source copied"] = corpusBleu(
      lines.map(({ line }) => line),
      references,
    ).score;
    const seconds = (performance.now() - begunMs) / 1000;
    console.log(
      `${name}: BLEU ${told.score.toFixed(2)} in ${seconds.toFixed()} s  ${told.signature}`,
    );
    if (beam > 1)
      for (const { line, translation, reference } of lines.slice(0, number("show")))
        console.log(`  ${line}\n  -> ${translation}\n     ${reference}`);
  }
  console.log(`the source copied: BLEU ${bleu["the source copied"]!.toFixed(2)}`);
  const { train: trained, test } = result.metrics;
  const below = evaluated.find((event) => event.train.logloss! < lossMax);
  console.log(
    below === undefined
      ? `the training loss a token is not below ${lossMax}`
      : `the training loss a token is below ${lossMax} at round ${below.round}, after ` +
          `${(below.atMs / 1000).toFixed()} s`,
  );
  console.log(
    `${rounds} rounds in ${result.seconds.toFixed()} s; with evaluations ` +
      `${wholeSeconds.toFixed()} s, of a processor ${processorSeconds.toFixed()} s`,
  );
  console.log(
    JSON.stringify({
      ...{ bench: "translation", backend: values.backend, rounds, processorSeconds },
      ...{ seconds: result.seconds, below: below?.round, belowSeconds: (below?.atMs ?? 0) / 1000 },
      ...{ trained, test, bleu, erasures: result.erasures },
    }),
  );
} finally {
  await rm(home, { recursive: true, force: true, maxRetries: 5 });
}
