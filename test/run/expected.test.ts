import { expect, it } from "vitest";
import { expectedOf } from "../../src/run/finish.ts";
import { runOn, smallRidge, temporaryHome } from "../scenarios/workplace.ts";

const whole = { secondsLow: 1, secondsHigh: 9, bytesDown: 1, bytesUp: 1 };
const partway = [
  { rounds: 1, seconds: 1, dollars: 0.005 },
  { rounds: 2, seconds: 1.2, dollars: 0.0051 },
  { rounds: 4, seconds: 1.6, dollars: 0.0053 },
];
const forecast = { rounds: 8, seconds: 2.4, dollars: 0.0057, ...whole, partway };

it("interpolates the fixed part and the rounds between recorded forecasts", () => {
  const at = (rounds: number) => expectedOf({ forecast }, { rounds }).forecast!;
  expect(at(0)).toEqual({ seconds: 0, dollars: 0 });
  expect(at(1)).toEqual({ seconds: 1, dollars: 0.005 });
  expect(at(3).dollars).toBeCloseTo(0.0052, 12);
  expect(at(6).seconds).toBeCloseTo(2, 12);
  expect(at(8)).toEqual({ seconds: 2.4, dollars: 0.0057 });
});

it("gives no forecast for a part where the record holds only the whole", () => {
  const { partway: _, ...older } = forecast;
  expect(expectedOf({ forecast: older }, { rounds: 8 })).toMatchObject({
    forecast: { dollars: 0.0057 },
  });
  expect(expectedOf({ forecast: older }, { rounds: 2 })).toEqual({});
  expect(expectedOf({}, { rounds: 2 })).toEqual({});
});

it("a run that ends early is compared with the forecast for its rounds", async () => {
  await using home = await temporaryHome();
  const stop = { rounds: 1_000, tolerance: 1e-4 };
  const given = { ...smallRidge, optimizer: "l-bfgs", wait: "all", stop };
  const { result } = await runOn("simulated", home.path, given);
  expect(result.rounds).toBeLessThan(20);
  expect(Math.abs(result.forecast!.dollars / result.dollars - 1)).toBeLessThan(0.05);
  // The first questions of a round that is not done take time as well.
  expect(Math.abs(result.forecast!.seconds / result.seconds - 1)).toBeLessThan(0.2);
});
