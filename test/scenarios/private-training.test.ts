import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { randomFrom } from "../../src/core/random.ts";
import type { Encoded } from "../../src/data/manifests.ts";
import { readWorkerEncodedShard } from "../../src/data/shards/worker-encoded.ts";
import { encodings } from "../../src/encoding/registry.ts";
import { readBatches, readCheckpoint } from "../../src/journal/checkpoint.ts";
import { openHome } from "../../src/platform/local/home.ts";
import { clippedGradientParts } from "../../src/problems/clipped-gradients.ts";
import { problems } from "../../src/problems/registry.ts";
import { readHistory } from "../../src/run/finish.ts";
import { wholeWeights } from "../../src/run/model-weights.ts";
import { noisedSumKey, rawSumPrefix } from "../../src/store-layout.ts";
import { filesBelow, found, type Needle, needle, telling } from "../privacy/needles.ts";
import { replayedDigest, runOn, temporaryHome } from "./workplace.ts";

const rounds = 3;
const workers = 3;

function specOf(source: string) {
  return {
    problem: { type: "logistic", l2: 0.1 },
    data: { source, target: "y", classes: ["a", "b"], standardize: false },
    workers,
    strategy: { type: "dp-sgd" },
    optimizer: { type: "sgd", learningRate: 0.5, momentum: 0 },
    privacy: { epsilon: 2, delta: 1e-5, unit: "record", adjacency: "replace-one", clip: 1 },
    wait: "all",
    stop: { rounds },
    weather: { model: "late", probability: 0.2, delayMs: 50, failures: 0.25 },
  };
}

/** Rows whose numbers are nobody else's, to seven digits. */
function rows(): string {
  const random = randomFrom("private training rows");
  const lines = Array.from({ length: 30 }, (_, i) =>
    [random.normal(), random.normal(), random.normal()]
      .map((value) => value.toFixed(7))
      .concat(i % 2 ? "a" : "b"),
  );
  return ["x0,x1,x2,y", ...lines.map((line) => line.join(","))].join("\n");
}

test("private training under faults tells nothing of what it hides", async () => {
  await using home = await temporaryHome();
  const source = join(home.path, "rows.csv");
  await writeFile(source, rows());
  const kofnHome = join(home.path, "home");
  const done = await runOn("emulated", kofnHome, specOf(source));
  const { run, spec } = done.record;
  expect(done.result.erasures).toBeGreaterThan(0);
  expect(done.result.epsilon).toBeGreaterThan(1.99);
  expect(done.result.epsilon).toBeLessThanOrEqual(2);
  expect(done.result.privacy).toMatchObject({ released: rounds, unit: "record" });
  expect(done.result).toMatchObject({ objective: Number.NaN, metrics: { train: {}, test: {} } });

  const opened = await openHome(kofnHome);
  try {
    const { store } = opened;
    const read = async (key: string) => (await store.read(key))!;
    const encoded = JSON.parse(Buffer.from(await read(done.record.encoded)).toString()) as Encoded;
    const { sequence } = (await readCheckpoint<object>(store, run))!;
    const { traces } = await readBatches(store, run, { upTo: sequence });
    const weights = [new Float32Array(4), ...traces.map((trace) => wholeWeights(trace.model))];
    const problem = problems.create(spec.problem);
    const needles: Needle[] = [];
    for (let round = 0; round < rounds; round++) {
      expect(await store.read(noisedSumKey(run, round))).not.toBeNull();
      const total = new Float64Array(4);
      for (let slot = 0; slot < workers; slot++) {
        const shard = await readWorkerEncodedShard(store, encoded, slot, (chosen) =>
          encodings.create(chosen),
        );
        if (round === 0)
          for (const value of shard.rows.values)
            if (telling(value)) needles.push(needle(`a raw value of slot ${slot}`, value));
        const at = Float64Array.from(weights[round]!);
        for (const [j, value] of clippedGradientParts(problem, shard, at, 1).clipped.entries()) {
          total[j]! += value;
          if (telling(value)) needles.push(needle(`a sum of slot ${slot}, round ${round}`, value));
        }
      }
      for (const value of total)
        if (telling(value)) needles.push(needle(`the total of round ${round}`, value));
    }
    expect(needles.length).toBeGreaterThan(120);
    const leaks: string[] = [];
    let isRawFound = false;
    for (const key of await store.list("")) {
      const hits = found(needles, key, await read(key));
      // Rows themselves lie in parts/: their owner's, and the scan's proof that it finds.
      if (key.startsWith("parts/")) isRawFound ||= hits.length > 0;
      else leaks.push(...hits);
    }
    expect(isRawFound).toBe(true);
    expect(await store.list(rawSumPrefix(run))).toEqual([]);
    const events = JSON.stringify(await readHistory(store, run));
    leaks.push(...found(needles, "events", Buffer.from(events)));
    leaks.push(...found(needles, "result", Buffer.from(JSON.stringify(done.result))));
    for (const { path, bytes } of filesBelow(join(kofnHome, "runs")))
      leaks.push(...found(needles, path, bytes));
    expect(leaks).toEqual([]);
  } finally {
    await opened.close();
  }
  expect(await replayedDigest(kofnHome, run)).toBe(done.result.weightsDigest);
});
