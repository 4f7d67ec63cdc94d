import { expect, test } from "vitest";
import { readCheckpoint } from "../../src/journal/checkpoint.ts";
import { runBill } from "../../src/platform/billing/run-bill.ts";
import { openHome } from "../../src/platform/local/home.ts";
import { runOn, temporaryHome } from "./workplace.ts";

/** 1.6 million weights: 6.4 MB, above what a request, or any reply, may hold. */
test("a model too large for an invocation trains through the store", async () => {
  await using home = await temporaryHome();
  const spec = {
    // Many weights a feature, of which each has a name that every worker reads.
    problem: { type: "softmax", l2: 0.01 },
    data: {
      generate: { type: "sparse-classification", rows: 300, features: 160_000 },
      classes: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9],
    },
    workers: 4,
    wait: "all",
    optimizer: "gradient-descent",
    stop: { rounds: 2, tolerance: 0 },
    weather: { model: "calm" },
  };
  const emulated = await runOn("emulated", home.path, spec);
  const simulated = await runOn("simulated", home.path, spec);
  expect(emulated.end.stop.kind).toBe("done");
  expect(emulated.result.weightsDigest).toBe(simulated.result.weightsDigest);
  // Four workers in two rounds read and write the weights, and both backends say so.
  const wayBytes = 4 * 2 * 6.4e6;
  for (const { result } of [emulated, simulated])
    for (const bytes of [result.bytesDown, result.bytesUp]) {
      expect(bytes).toBeGreaterThan(0.99 * wayBytes);
      expect(bytes).toBeLessThan(1.01 * wayBytes);
    }
  const opened = await openHome(home.path);
  try {
    const bill = await runBill(opened.store, emulated.record);
    const amount = (charge: string) => bill.find((item) => item.charge === charge)!.amount;
    const checkpoint = await readCheckpoint(opened.store, emulated.record.run);
    // One object a round for the weights, one a reply; each is read once by whoever needs it.
    expect(amount("store writes")).toBe(4 * checkpoint!.sequence + 4 + 2 + 8);
    const starts = 4 * (1 + 1);
    expect(amount("store reads")).toBeGreaterThanOrEqual(starts + 8 + 8);
  } finally {
    await opened.close();
  }
});
