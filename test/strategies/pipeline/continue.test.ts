import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openHome } from "../../../src/platform/local/home.ts";
import { readTrainedModel } from "../../../src/platform/training/model.ts";
import { campaign } from "../../campaign.ts";
import { runOn, temporaryHome } from "../../scenarios/workplace.ts";
import { pipelineSpec } from "./pipelined.ts";

let home: Awaited<ReturnType<typeof temporaryHome>>;
beforeAll(async () => {
  home = await temporaryHome();
});
afterAll(() => home[Symbol.asyncDispose]());

const rounds = 6;
const whole = { rounds, tolerance: 0 };
const trained = (options: object, more: object) =>
  runOn("simulated", home.path, {
    ...pipelineSpec(options, { stop: whole, ...more }),
    weather: { model: "calm" },
  });

const optimizers = [
  { type: "adam", learningRate: 0.05, clip: 0.5 },
  { type: "schedule-free", learningRate: 0.05 },
  { type: "mada", learningRate: 0.02, delay: 2, hyperLearningRate: 1 },
  { type: "muon", learningRate: 0.02, otherRate: 0.05 },
];

describe("a run goes on from another in other stages", () => {
  it.each(optimizers.slice(0, campaign(3, 4)))(
    "with $type, to the bits of one that was never stopped",
    async (optimizer) => {
      const aim = await trained({ stages: 1 }, { optimizer });
      const stop = { ...whole, seconds: 0.5 };
      const three = await trained({ stages: 3 }, { optimizer, stop });
      expect(three.end.rounds).toBeGreaterThan(0);
      expect(three.end.rounds).toBeLessThan(rounds);
      const two = await trained({ stages: 2, from: three.record.run }, { optimizer });
      expect(two.end.rounds).toBe(rounds);
      expect(two.result.weightsDigest).toBe(aim.result.weightsDigest);
      // What it predicts with is one piece.
      const { store, close } = await openHome(home.path);
      try {
        const models = [two, aim].map(({ record }) => readTrainedModel(store, record.run));
        const [own, other] = await Promise.all(models);
        expect(own!.weights).toEqual(other!.weights);
      } finally {
        await close();
      }
    },
  );

  it("and not from a run that is done, of another optimizer, or of another network", async () => {
    const done = await trained({}, {});
    await expect(trained({ from: done.record.run }, {})).rejects.toThrow(/from: .*it is done/);
    const stop = { ...whole, seconds: 0.5 };
    const { record } = await trained({}, { stop });
    const from = { from: record.run };
    await expect(trained(from, { optimizer: { type: "sgd", learningRate: 0.1 } })).rejects.toThrow(
      /its optimizer is adam/,
    );
    const other = pipelineSpec(from, { stop: whole }, "deep.ts");
    await expect(runOn("simulated", home.path, other)).rejects.toThrow(/its network is another/);
    await expect(trained({ from: "nobody" }, {})).rejects.toThrow(/nobody/);
  });
});
