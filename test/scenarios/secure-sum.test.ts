import { expect, test } from "vitest";
import { openHome } from "../../src/platform/local/home.ts";
import { readHistory } from "../../src/run/finish.ts";
import { rawSumPrefix } from "../../src/store-layout.ts";
import { secureLocalSteps, securePrivate } from "../roles/cases.ts";
import { replayedDigest, runOn, temporaryHome } from "./workplace.ts";

const faults = { model: "calm", failures: 0.1, duplicates: 0.1 };

test("local steps in a secure sum: the same bits wherever they run, and replayed", async () => {
  await using home = await temporaryHome();
  const spec = { ...secureLocalSteps, weather: faults };
  const emulated = await runOn("emulated", home.path, spec);
  const simulated = await runOn("simulated", home.path, { ...spec, weather: { model: "calm" } });
  expect(simulated.result.weightsDigest).toBe(emulated.result.weightsDigest);
  const { weather: _, ...calm } = spec;
  const threads = await runOn("threads", home.path, calm);
  expect(threads.result.weightsDigest).toBe(emulated.result.weightsDigest);
  expect(await replayedDigest(home.path, emulated.record.run)).toBe(emulated.result.weightsDigest);
  // Nothing but the committee's keys is new to the others' sums, told in clear: they are close.
  const clear = { ...calm, strategy: { type: "local-steps" } };
  const { objective } = (await runOn("simulated", home.path, clear)).result;
  expect(Math.abs(simulated.result.objective - objective)).toBeLessThan(1e-6);
});

test("private training in a secure sum, emulated: charged once a round, replayed", async () => {
  await using home = await temporaryHome();
  const run = await runOn("emulated", home.path, { ...securePrivate, weather: faults });
  expect(run.result.privacy).toMatchObject({
    released: securePrivate.stop.rounds,
    unit: "record",
  });
  expect(run.result.epsilon).toBeLessThanOrEqual(8);
  expect(await replayedDigest(home.path, run.record.run)).toBe(run.result.weightsDigest);
  const { store, close } = await openHome(home.path);
  try {
    expect(await store.list(rawSumPrefix(run.record.run))).toEqual([]);
    const kinds = (await readHistory(store, run.record.run)).flatMap((event) =>
      event.type === "arrival"
        ? [
            event.task
              .replace(/\d+/g, "N")
              .replace(/\/try-N$/, "")
              .replace(/-N$/, ""),
          ]
        : [],
    );
    expect(new Set(kinds)).toEqual(
      new Set(["committee/slot", "round-N/sum/slot", "sum-N/masks/slot", "round-N/total"]),
    );
  } finally {
    await close();
  }
});
