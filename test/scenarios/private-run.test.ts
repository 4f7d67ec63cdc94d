import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { randomFrom } from "../../src/core/random.ts";
import type { Encoded } from "../../src/data/manifests.ts";
import { readWorkerEncodedShard } from "../../src/data/shards/worker-encoded.ts";
import { encodings } from "../../src/encoding/registry.ts";
import { openHome } from "../../src/platform/local/home.ts";
import type { RunEvent } from "../../src/ports/events.ts";
import { problems } from "../../src/problems/registry.ts";
import { readHistory } from "../../src/run/finish.ts";
import { openTraining } from "../../src/run/resolve-members.ts";
import { nodeMessageKey } from "../../src/store-layout.ts";
import type { ConsensusStepTask } from "../../src/tasks/consensus-step.ts";
import { mixed, nextState } from "../../src/tasks/consensus-update.ts";
import { publishedVectorOf } from "../../src/tasks/published-vector.ts";
import { filesBelow, found, type Needle, needle, telling } from "../privacy/needles.ts";
import { replayedDigest, runOn, temporaryHome } from "./workplace.ts";

const rounds = 3;
const workers = 4;

function specOf(source: string) {
  return {
    problem: { type: "logistic", l2: 0.1 },
    data: { source, target: "y", classes: ["a", "b"], standardize: false },
    workers,
    strategy: { type: "gossip", graph: "ring", steps: { decaying: 0.1 }, region: { ball: 10 } },
    privacy: { epsilon: 2, delta: 1e-5, unit: "record", adjacency: "replace-one", clip: 1 },
    wait: "all",
    stop: { rounds },
    weather: { model: "late", probability: 0.2, delayMs: 50, failures: 0.25 },
  };
}

/** Rows whose numbers are nobody else's, to seven digits. */
function rows(): string {
  const random = randomFrom("private rows");
  const lines = Array.from({ length: 40 }, (_, i) =>
    [random.normal(), random.normal(), random.normal()]
      .map((v) => v.toFixed(7))
      .concat(i % 2 ? "a" : "b"),
  );
  return ["x0,x1,x2,y", ...lines.map((line) => line.join(","))].join("\n");
}

test("24: a private run under faults tells nothing of what it hides", async () => {
  await using home = await temporaryHome();
  const source = join(home.path, "rows.csv");
  await writeFile(source, rows());
  const kofnHome = join(home.path, "home");
  const done = await runOn("emulated", kofnHome, specOf(source));
  const { run } = done.record;
  expect(done.result.erasures).toBeGreaterThan(0);
  expect(done.result).toMatchObject({ epsilon: expect.any(Number), objective: Number.NaN });
  expect(done.result.epsilon).toBeGreaterThan(1.99);
  expect(done.result.epsilon).toBeLessThanOrEqual(2);
  expect(done.result.privacy).toMatchObject({ released: workers * rounds, unit: "record" });
  expect(done.result.metrics).toEqual({ train: {}, test: {} });

  const opened = await openHome(kofnHome);
  try {
    const { store } = opened;
    const read = async (key: string) => (await store.read(key))!;
    const json = async <T>(key: string) => JSON.parse(Buffer.from(await read(key)).toString()) as T;
    const encoded = await json<Encoded>(done.record.encoded);
    const prepared = await json<never>(done.record.prepared);
    const training = openTraining(
      done.record.spec,
      { prepared, encoded },
      { largestEigenvalue: 0 },
    );
    const first = training.wanted(training.start()) as ConsensusStepTask[];
    const problem = problems.create(done.record.spec.problem);
    const needles: Needle[] = [];
    for (let node = 0; node < workers; node++) {
      const shard = await readWorkerEncodedShard(store, encoded, node, (chosen) =>
        encodings.create(chosen),
      );
      for (const value of shard.rows.values)
        if (telling(value)) needles.push(needle(`a raw value of node ${node}`, value));
      let { rule } = first[node]!;
      for (let t = 1; t <= rounds; t++) {
        const { from, mixing } = first[node]!;
        const heard = await Promise.all(
          [...from].map(async (j) =>
            t === 1
              ? new Float64Array(4)
              : publishedVectorOf(await read(nodeMessageKey(run, t - 1, j)), "message", 4),
          ),
        );
        rule = { ...rule, step: 1 / (0.1 * t) };
        const x = nextState(problem, shard, mixed(mixing, heard), rule);
        for (const value of x)
          if (telling(value)) needles.push(needle(`x of node ${node} in round ${t}`, value));
      }
    }
    expect(needles.length).toBeGreaterThan(150);
    const leaks: string[] = [];
    let isRawFound = false;
    for (const key of await store.list("")) {
      const hits = found(needles, key, await read(key));
      // Rows themselves lie in parts/: their owner's, and the scan's proof that it finds.
      if (key.startsWith("parts/")) isRawFound ||= hits.length > 0;
      else leaks.push(...hits);
    }
    expect(isRawFound).toBe(true);
    const events: RunEvent[] = await readHistory(store, run);
    leaks.push(...found(needles, "events", Buffer.from(JSON.stringify(events))));
    leaks.push(...found(needles, "result", Buffer.from(JSON.stringify(done.result))));
    for (const { path, bytes } of filesBelow(join(kofnHome, "runs")))
      leaks.push(...found(needles, path, bytes));
    expect(leaks).toEqual([]);
  } finally {
    await opened.close();
  }
  expect(await replayedDigest(kofnHome, run)).toBe(done.result.weightsDigest);
});
