import { expect, it } from "vitest";
import { rounds } from "../../src/strategies/rounds/strategy.ts";
import { trial } from "../run/fixtures.ts";
import { fatesOf, virtualRun } from "../run/virtual-run.ts";

it("the loop carries 256 slots through 200 rounds in seconds", async () => {
  const { plan } = trial({
    workers: 256,
    rows: 512,
    columns: 8,
    wait: { fastest: 200 },
    optimizer: { type: "gradient-descent", step: 0.01 },
    roundsMax: 200,
  });
  const values = Float32Array.from({ length: 8 }, (_, j) => j + 1);
  const before = process.cpuUsage();
  const end = await virtualRun(rounds(plan), {
    perform: () => ({ loss: 1, values, computeMs: 0 }),
    fateOf: fatesOf({ model: "lambda" }),
  });
  const { user, system } = process.cpuUsage(before);
  const seconds = (user + system) / 1e6;
  expect(end.state.round).toBe(200);
  console.log(`256 slots x 200 rounds: ${seconds.toFixed(2)} s of processor time`);
  expect(seconds).toBeLessThan(8);
});
