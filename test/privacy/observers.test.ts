import { describe, expect, test } from "vitest";
import { epsilonOfMu } from "../../src/privacy/accountants/gaussian.ts";
import { type LinearConsensus, muOfView } from "../../src/privacy/observers.ts";
import { metropolis } from "../../src/topology/mixing.ts";
import { topologies } from "../../src/topology/registry.ts";

/** Mean estimation on the ring of ten, step 0.1, T = 50: the case that all these numbers are of. */
const sigma = 2.6114421444;
const nodes = 10;
const ring = topologies.create({ type: "ring" }).graph(nodes);
const { weights: mixing } = metropolis(ring);
const consensus: LinearConsensus = {
  nodes,
  mixing,
  steps: Array.from({ length: 50 }, () => 0.1),
  deviations: Array.from({ length: 50 }, (_, t) => (t === 0 ? 0 : sigma)),
};
const everyone = Array.from({ length: nodes }, (_, i) => i);

test("all messages: the sum of (Delta / sigma)^2, 0.2680511232", () => {
  const mu = muOfView(consensus, 0, 1, { reads: everyone, knows: [] });
  expect(Math.abs(mu - 0.2680511232)).toBeLessThan(1e-9);
  expect(Math.abs(mu - (0.1 / sigma) * 7)).toBeLessThan(1e-12);
});

test("a node that mixes its own state without its noise tells more: 0.3799558323", () => {
  const noiseMixing = mixing.slice();
  for (let i = 0; i < nodes; i++) noiseMixing[i * nodes + i] = 0;
  const careless = { ...consensus, noiseMixing };
  const mu = muOfView(careless, 0, 1, { reads: everyone, knows: [] });
  expect(Math.abs(mu - 0.3799558323)).toBeLessThan(1e-9);
  // (1.468911, 1e-5) where 1 is claimed.
  expect(epsilonOfMu(mu, 1e-5)).toBeCloseTo(1.4689105, 6);
});

describe("one curious node that reads its neighbours only", () => {
  test.each([
    [1, 0.22602394, 0.829437],
    [2, 0.12142255, 0.420886],
    [3, 0.0657602, 0.215784],
    [4, 0.03664451, 0.113961],
    [5, 0.02660541, 0.080242],
  ])("at distance %i: mu %f, epsilon %f", (distance, mu, epsilon) => {
    const observer = { reads: ring.neighbours[distance]!, knows: [distance] };
    const view = muOfView(consensus, 0, 1, observer);
    expect(Math.abs(view - mu)).toBeLessThan(1e-8);
    expect(Math.abs(epsilonOfMu(view, 1e-5) - epsilon)).toBeLessThan(1e-6);
  });
});
