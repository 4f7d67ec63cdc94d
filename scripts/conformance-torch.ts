import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { randomFrom } from "../src/core/random.ts";
import { sentenceCodec } from "../src/data/corpus/sentence-vocabulary.ts";
import type { Encoded, Prepared } from "../src/data/manifests.ts";
import { readExamples } from "../src/data/parts/load-parts.ts";
import { train } from "../src/index.ts";
import type { RunRecord } from "../src/journal/run-record.ts";
import { withOpenRun } from "../src/platform/training/open-run.ts";
import type { RoundEvent } from "../src/ports/events.ts";
import type { Store } from "../src/ports/store.ts";
import { problems } from "../src/problems/registry.ts";
import { corpusBleu } from "../src/problems/translation/bleu.ts";
import { paddedPairs, type TokenTable } from "../src/problems/translation/token-rows.ts";
import { readHistory } from "../src/run/finish.ts";
import { loadProblem } from "../src/run/ingest.ts";
import { readModelFile } from "../src/run/model-weights.ts";
import { batchesRandom, batchOf } from "../src/tasks/batch-gradient.ts";
import { fromSafetensors } from "../src/wire/safetensors.ts";
import { readEncodedManifest } from "../src/worker/worker-context.ts";
import { installedPackages } from "./conformance-install.ts";
import { type Comparison, comparisons } from "./conformance-torch-cases.ts";
import { conformanceNetworks } from "./conformance-torch-networks.ts";

const version = "2.15.0";
const script = join(import.meta.dirname, "conformance/transformer_torch.py");
const workers = 8;
const lossMax = 0.02;
const bleuMax = 1;
const gradientMax = 1e-4;

/**
 * The same Transformer in torch: same weights to start from, same batches in the same order, same
 * schedule, no dropout. The first gradient, every step's loss and BLEU at the end are compared.
 * KOFN_TORCH_PYTHON names a Python that has torch and numpy; otherwise one is made. With a name,
 * `npm run conformance -- torch multi30k`, that one alone: networks, phrases or multi30k.
 */
export async function conformanceTorch(): Promise<boolean> {
  const only = process.argv[3];
  const named = process.env.KOFN_TORCH_PYTHON;
  const python =
    named ?? installedPackages(`torch ${version}`, [`torch==${version}`, "numpy==2.3.5"]);
  if (python === null) return true;
  const isAsked = (name: string) => only === undefined || only === name;
  let agrees = isAsked("networks") ? await conformanceNetworks(python) : true;
  for (const comparison of comparisons().filter(({ name }) => isAsked(name))) {
    const folder = mkdtempSync(join(tmpdir(), "kofn-torch-"));
    try {
      if (!(await compare(python, folder, comparison))) agrees = false;
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }
  return agrees;
}

async function compare(python: string, folder: string, comparison: Comparison): Promise<boolean> {
  const { name, data, sizes, rate, warmUp, tokens, rounds } = comparison;
  const home = join(folder, "home");
  const schedule = { type: "inverse-sqrt", warmUp } as const;
  const startedMs = performance.now();
  const { run } = await train(
    {
      problem: { type: "translation", ...sizes, dropout: 0 },
      data: data as { source: string },
      workers,
      wait: "all",
      encoding: "uncoded",
      strategy: { type: "rounds", batch: { tokens } },
      optimizer: { type: "adam", learningRate: rate, beta2: 0.98, epsilon: 1e-9, schedule },
      stop: { rounds, tolerance: 0 },
      seed: 7,
    },
    { backend: "simulated", home },
  );
  const seconds = (performance.now() - startedMs) / 1000;
  return withOpenRun({ home }, run, async ({ store }, record) => {
    await writeCase(folder, store, record, comparison);
    const begunMs = performance.now();
    const told = JSON.parse(
      execFileSync(python, [script, folder], { maxBuffer: 2 ** 26 }).toString(),
    ) as { readonly version: string; readonly losses: readonly number[] };
    const torchSeconds = (performance.now() - begunMs) / 1000;
    const events = (await readHistory(store, run)).filter((event) => event.type === "round");
    const ours = events.map((event: RoundEvent) => event.objectiveEstimate);
    const off = told.losses.map((loss, step) => Math.abs(ours[step]! / loss - 1));
    const gradient = await gradientOff(folder, store, record, comparison);
    const bleu = await bleuOfBoth(folder, store, record, comparison);
    console.log(`${name}: torch ${told.version}, ${rounds} steps of ${workers} batches`);
    console.log(
      `  seconds: kofn ${seconds.toFixed()} on one thread, torch ${torchSeconds.toFixed()}`,
    );
    console.log(`  first gradient: ${gradient.toExponential(1)} of its largest entry apart`);
    for (const step of [0, Math.floor(rounds / 2), rounds - 1])
      console.log(
        `  loss at step ${step + 1}: ${ours[step]!.toFixed(5)}, ${told.losses[step]!.toFixed(5)}`,
      );
    console.log(`  losses: at most ${(100 * Math.max(...off)).toFixed(3)} % apart`);
    console.log(
      `  BLEU: ${bleu.ours.toFixed(2)}, ${bleu.torch.toFixed(2)}; source ${bleu.copied.toFixed(2)}`,
    );
    return (
      Math.max(...off) < lossMax &&
      gradient < gradientMax &&
      Math.abs(bleu.ours - bleu.torch) < bleuMax &&
      bleu.ours > bleu.copied
    );
  });
}

/** Every step's batches as the workers drew them, and the weights that training began with. */
async function writeCase(
  folder: string,
  store: Store,
  record: RunRecord,
  { tokens, rounds, rate, warmUp, sizes }: Comparison,
): Promise<void> {
  const problem = await loadProblem(record.spec.problem, store);
  const encoded = await readEncodedManifest<Encoded>(store, record.encoded);
  const shards = await Promise.all(
    encoded.slots.map(({ parts }) => readExamples(store, parts, encoded.columns)),
  );
  const list = ({ rows, length, tokens: numbers }: TokenTable) =>
    Array.from({ length: rows }, (_, row) => [
      ...numbers.subarray(row * length, (row + 1) * length),
    ]);
  const steps = Array.from({ length: rounds }, (_, round) =>
    shards.map((examples, slot) => {
      const random = batchesRandom({ seed: record.spec.seed, slot });
      const { part, times } = batchOf(problem, examples, { batch: { tokens }, round }, random);
      const pairs = paddedPairs(part.rows, [...part.targets.keys()]);
      const expected = list({ ...pairs.decoderInput, tokens: pairs.labels });
      const factors = expected.map(
        (row, i) => part.targets[i]! / row.filter((token) => token !== 0).length,
      );
      const { source, decoderInput: told } = pairs;
      return {
        times: times / encoded.rows,
        source: list(source),
        told: list(told),
        expected,
        factors,
      };
    }),
  );
  const schedule = { rate, warmUp, beta2: 0.98 };
  const { labelSmoothing } = record.spec.problem;
  const pieces = problem.parameters;
  const about = { sizes, schedule, labelSmoothing, pieces, steps };
  writeFileSync(join(folder, "case.json"), JSON.stringify(about));
  const start = problem.initial!(randomFrom(record.spec.seed).fork("weights"));
  writeFileSync(join(folder, "start.bin"), new Uint8Array(start.buffer));
}

function floatsIn(path: string): Float32Array<ArrayBuffer> {
  const bytes = readFileSync(path);
  return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
}

/** The largest difference of the first step's gradient, over its largest entry. */
async function gradientOff(
  folder: string,
  store: Store,
  record: RunRecord,
  { tokens }: Comparison,
): Promise<number> {
  const theirs = floatsIn(join(folder, "gradient.bin"));
  const problem = await loadProblem(record.spec.problem, store);
  const encoded = await readEncodedManifest<Encoded>(store, record.encoded);
  const weights = floatsIn(join(folder, "start.bin"));
  const sum = new Float64Array(weights.length);
  for (const [slot, { parts }] of encoded.slots.entries()) {
    const examples = await readExamples(store, parts, encoded.columns);
    const random = batchesRandom({ seed: record.spec.seed, slot });
    const { part, times } = batchOf(problem, examples, { batch: { tokens }, round: 0 }, random);
    const own = new Float64Array(weights.length);
    problem.lossAndGradient(part, weights, own);
    for (let i = 0; i < sum.length; i++) sum[i]! += (times * own[i]!) / encoded.rows;
  }
  let [largest, worst] = [0, 0];
  for (const [i, slope] of theirs.entries()) {
    largest = Math.max(largest, Math.abs(slope));
    worst = Math.max(worst, Math.abs(slope - sum[i]!));
  }
  return worst / largest;
}

/** Both models translate with kofn's search; and the source as its own translation. */
async function bleuOfBoth(folder: string, store: Store, record: RunRecord, comparison: Comparison) {
  const prepared = await readEncodedManifest<Prepared>(store, record.prepared);
  const codec = sentenceCodec(prepared.preparation.pairs!.vocabulary);
  const { translate } = problems.create(record.spec.problem);
  const { sources, references } = await comparison.test();
  const model = fromSafetensors((await readModelFile(store, record.run))!, "the model");
  const scoreOf = (weights: Float32Array) => {
    const sentences = sources.map((line) => codec.withEnd(codec.encode(line)));
    const found = translate!(sentences, weights, { beam: 4, lengthPenalty: 0.6 });
    return corpusBleu(
      found.map((tokens) => codec.decode(tokens)),
      references,
    ).score;
  };
  return {
    ours: scoreOf(model.tensors.weights!.data as Float32Array),
    torch: scoreOf(floatsIn(join(folder, "end.bin"))),
    copied: corpusBleu(sources, references).score,
  };
}
