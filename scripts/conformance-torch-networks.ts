import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { randomFrom } from "../src/core/random.ts";
import type { Encoded } from "../src/data/manifests.ts";
import { readExamples } from "../src/data/parts/load-parts.ts";
import { type RunInput, train } from "../src/index.ts";
import type { RunRecord } from "../src/journal/run-record.ts";
import { withOpenRun } from "../src/platform/training/open-run.ts";
import type { Store } from "../src/ports/store.ts";
import { readHistory } from "../src/run/finish.ts";
import { loadProblem } from "../src/run/ingest.ts";
import { batchesRandom, batchOf } from "../src/tasks/batch-gradient.ts";
import { readEncodedManifest } from "../src/worker/worker-context.ts";

const script = join(import.meta.dirname, "conformance/networks_torch.py");
const models = join(import.meta.dirname, "conformance/networks");
const examples = join(import.meta.dirname, "../examples");
const steps = 50;
const batch = 16;
/** Losses may be so far apart, as a part of torch's in double precision, at every step. */
const apartMax = 1e-4;

const glyphs = { source: join(examples, "glyphs/glyphs.csv"), target: "shape", test: 0 };
const characters = {
  source: join(examples, "sentences/sentences.txt"),
  text: { vocabulary: "characters", length: 16 },
  test: 0,
} as const;
const adam = {
  ...({ type: "adam", learningRate: 0.01 } as const),
  ...{ beta1: 0.9, beta2: 0.999, epsilon: 1e-8 },
};
const momentum = { type: "sgd", learningRate: 0.05, momentum: 0.9 } as const;

const schedule = { type: "cosine", warmUp: 5, steps } as const;
const nadamw = { ...adam, type: "nadamw", weightDecay: 0, schedule } as const;

/** A network of `conformance/networks`, what it is trained on, and how. */
interface NetworkCase {
  readonly network: string;
  readonly data: RunInput["data"];
  readonly optimizer: typeof adam | typeof nadamw | typeof momentum;
}

const only = process.env.KOFN_NETWORK;
const cases: readonly NetworkCase[] = [
  { network: "convolution", data: glyphs, optimizer: momentum },
  { network: "convolution", data: glyphs, optimizer: adam },
  { network: "convolution", data: glyphs, optimizer: nadamw },
  ...["lstm", "gru", "embedding", "attention"].flatMap((network) =>
    [momentum, adam].map((optimizer) => ({ network, data: characters, optimizer })),
  ),
];

/** What torch says of a case: the losses of all steps. */
interface Told {
  readonly version: string;
  readonly double: readonly number[];
  readonly single: readonly number[];
}

/**
 * Five kinds of layers beside torch's, each under two optimizers, and NadamW with warm-up and
 * cosine: from the same weights, over the batches that four workers drew, the loss of every one of
 * 50 steps. KOFN_NETWORK names one.
 */
export async function conformanceNetworks(python: string): Promise<boolean> {
  console.log(
    `${steps} steps of 4 batches of ${batch}; apart: of torch's loss in double precision`,
  );
  console.log(row("network", "optimizer", "first loss", "last loss", "apart", "torch single"));
  let agrees = true;
  for (const one of cases.filter(({ network }) => only === undefined || network === only)) {
    const folder = mkdtempSync(join(tmpdir(), "kofn-networks-"));
    try {
      if (!(await compareNetwork(python, folder, one))) agrees = false;
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }
  return agrees;
}

async function compareNetwork(python: string, folder: string, one: NetworkCase): Promise<boolean> {
  const home = join(folder, "home");
  const { run } = await train(
    {
      problem: { type: "network", model: join(models, `${one.network}.ts`), backend: "wasm" },
      data: one.data,
      workers: 4,
      wait: "all",
      encoding: "uncoded",
      strategy: { type: "rounds", batch },
      optimizer: one.optimizer,
      stop: { rounds: steps, tolerance: 0 },
      seed: 11,
    },
    { backend: "simulated", home },
  );
  return withOpenRun({ home }, run, async ({ store }, record) => {
    await writeNetworkCase(folder, store, record, one);
    const text = execFileSync(python, [script, folder], { maxBuffer: 2 ** 26 }).toString();
    const told = JSON.parse(text) as Told;
    const ours = (await readHistory(store, run)).flatMap((event) =>
      event.type === "round" ? [event.objectiveEstimate] : [],
    );
    const apart = furthest(ours, told.double);
    console.log(
      row(
        one.network,
        one.optimizer.type,
        ours[0]!.toFixed(6),
        ours.at(-1)!.toFixed(6),
        apart.toExponential(1),
        furthest(told.single, told.double).toExponential(1),
      ),
    );
    // A loss that stays where it was would agree whatever the steps are.
    const moved = Math.abs(ours.at(-1)! / ours[0]! - 1) > 0.02;
    return ours.length === steps && moved && apart <= apartMax;
  });
}

/** The largest difference at any step, as a part of `expected`. */
function furthest(losses: readonly number[], expected: readonly number[]): number {
  return Math.max(...expected.map((loss, step) => Math.abs(losses[step]! / loss - 1)));
}

/** Every step's batches as the workers drew them, and the weights that training began with. */
async function writeNetworkCase(
  folder: string,
  store: Store,
  { spec, encoded: digest }: RunRecord,
  { network, data, optimizer }: NetworkCase,
): Promise<void> {
  const problem = await loadProblem(spec.problem, store);
  const encoded = await readEncodedManifest<Encoded>(store, digest);
  const shards = await Promise.all(
    encoded.slots.map(({ parts }) => readExamples(store, parts, encoded.columns)),
  );
  const drawn = Array.from({ length: steps }, (_, round) =>
    shards.map((shard, slot) => {
      const random = batchesRandom({ seed: spec.seed, slot });
      const { part, times } = batchOf(problem, shard, { batch, round }, random);
      if (part.rows.kind !== "dense") throw new Error("the rows are dense");
      const { rows: count, columns, values } = part.rows;
      const rows = Array.from({ length: count }, (_row, i) => [
        ...values.subarray(i * columns, (i + 1) * columns),
      ]);
      return { times: times / encoded.rows, rows, targets: [...part.targets] };
    }),
  );
  const about = {
    network,
    optimizer,
    tokens: data === characters,
    pieces: problem.parameters,
    steps: drawn,
  };
  writeFileSync(join(folder, "case.json"), JSON.stringify(about));
  const start = problem.initial!(randomFrom(spec.seed).fork("weights"));
  writeFileSync(join(folder, "start.bin"), new Uint8Array(start.buffer));
}

function row(...columns: string[]): string {
  return columns.map((text, i) => text.padEnd(i < 2 ? 13 : 12)).join("");
}
