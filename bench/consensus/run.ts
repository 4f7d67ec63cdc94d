import { epsilonOfMu } from "../../src/privacy/accountants/gaussian.ts";
import { newSecret } from "../../src/privacy/mechanisms/secret-draws.ts";
import { muOfView } from "../../src/privacy/observers.ts";
import { calibrated } from "../../src/strategies/gossip/schedule.ts";
import { metropolis, mixingSpectrum } from "../../src/topology/mixing.ts";
import { topologies } from "../../src/topology/registry.ts";
import { audit, falseAlarms } from "../../test/strategies/gossip/audit.ts";
import { propagated } from "../../test/strategies/gossip/exact.ts";
import {
  consensusRuns,
  nodes,
  type Pieces,
  production,
  squaredErrors,
} from "../../test/strategies/gossip/pieces.ts";
import { handOver } from "../hand-over.ts";
import { writePlot } from "../plot.ts";

/**
 * Mean estimation by consensus under (1, 1e-5): errors by exact propagation and by Monte-Carlo
 * through the noise that is published, flat in T under normal noise and growing under Laplace's;
 * what a curious node sees by its distance; how well the best test tells two worlds apart.
 * Arguments: runs of the Monte-Carlo (100), runs of the audit in each world (1000); 200000 of the
 * latter are the figure that the documents give.
 */
const [runs = 100, auditRuns = 1000] = process.argv.slice(2).map(Number);
const decaying = { decaying: 1 } as const;

function noisesOf(rounds: number, noise: "gaussian" | "laplace", steps: number | typeof decaying) {
  const delta = noise === "gaussian" ? 1e-5 : 0;
  const about = { steps, messages: rounds - 1, dimension: 1, noise, epsilon: 1, delta };
  return calibrated({ ...about, gradientSensitivity: 1 }).map((message) => message.noise);
}

const lengths = [5, 10, 20, 50, 100, 200, 500, 1000];
const curve = lengths.flatMap((rounds) =>
  (["gaussian", "laplace"] as const).map((noise) => {
    const factor = noise === "gaussian" ? 1 : 2;
    const scales = noisesOf(rounds, noise, decaying);
    const variances = [0, ...scales.map((scale) => factor * scale ** 2)];
    return { rounds, noise, error: propagated("ring", rounds, decaying, variances).ofMean };
  }),
);
console.log("mean-of-nodes squared error, ring of 10, steps 1/(t+1), epsilon 1");
console.log("     T   gaussian (1, 1e-5)   laplace (1, 0)");
for (const rounds of lengths) {
  const [gaussian, laplace] = curve.filter((one) => one.rounds === rounds).map((one) => one.error);
  console.log(
    String(rounds).padStart(6) +
      gaussian!.toFixed(6).padStart(18) +
      laplace!.toFixed(6).padStart(18),
  );
}
const oneShot = 1 / (nodes * 0.2680511232 ** 2);
const drawn = writePlot("consensus", {
  marginLeft: 60,
  x: { type: "log", label: "rounds T" },
  y: { type: "log", label: "squared error of the nodes' mean", grid: true },
  color: { legend: true },
  marks: await marks(),
});

async function marks() {
  const { line, dot, ruleY } = await import("@observablehq/plot");
  const channels = { x: "rounds", y: "error", stroke: "noise" };
  return [ruleY([oneShot], { strokeDasharray: "4" }), line(curve, channels), dot(curve, channels)];
}

const sampled = [
  { graph: "ring", steps: 0.1, rounds: 50 },
  { graph: "ring", steps: decaying, rounds: 10 },
] as const;
console.log(`\nMonte-Carlo through published noise, ${runs} runs: per node, standard errors off`);
const monteCarlo = sampled.map(({ graph, steps, rounds }) => {
  const noises = noisesOf(rounds, "gaussian", steps);
  const secrets = Array.from({ length: nodes }, newSecret);
  const run = consensusRuns({ graph, rounds, steps, noises }, production, secrets);
  const { perNode } = squaredErrors(run, runs);
  const exact = propagated(graph, rounds, steps, [0, ...noises.map((noise) => noise ** 2)]).perNode;
  const off = (perNode.value - exact) / perNode.standardError;
  console.log(
    `${graph} T=${rounds}: ${perNode.value.toFixed(4)}, exact ${exact.toFixed(4)}: ` +
      off.toFixed(2),
  );
  return { graph, rounds, found: perNode.value, exact, standardErrorsOff: off };
});

console.log("\nwho sees what: ring of 10, step 0.1, T = 50; mu and epsilon at delta 1e-5");
const shape = topologies.create({ type: "ring" }).graph(nodes);
const { weights: mixing } = metropolis(shape);
const steps = Array.from({ length: 50 }, () => 0.1);
const deviations = [0, ...noisesOf(50, "gaussian", 0.1)];
const views = [
  { who: "all messages", reads: Array.from({ length: nodes }, (_, i) => i), knows: [] as number[] },
  ...[1, 2, 3, 4, 5].map((distance) => ({
    who: `a node at distance ${distance}`,
    reads: shape.neighbours[distance]!,
    knows: [distance],
  })),
].map(({ who, reads, knows }) => {
  const mu = muOfView({ nodes, mixing, steps, deviations }, 0, 1, { reads, knows });
  const epsilon = epsilonOfMu(mu, 1e-5);
  console.log(`${who.padEnd(22)} ${mu.toFixed(8)} ${epsilon.toFixed(6)}`);
  return { who, mu, epsilon };
});

console.log("\ngraphs over 100 nodes: second eigenvalue, squared norm of the mixing matrix");
const graphs = ["ring", "torus", "expander", "complete"].map((type) => {
  const { second, squaredFrobenius } = mixingSpectrum(
    metropolis(topologies.create({ type }).graph(100)),
  );
  console.log(`${type.padEnd(10)} ${second.toFixed(6)} ${squaredFrobenius.toFixed(4)}`);
  return { type, second, squaredFrobenius };
});

/** Nodes that are not under audit publish without noise: theirs cancels out of the statistic. */
const only0: Pieces = {
  ...production,
  noise: (x, rule, secret, use) => (use[2] === 0 ? production.noise(x, rule, secret, use) : x),
};
const startedMs = performance.now();
const found = audit(only0, Array.from({ length: nodes }, newSecret), auditRuns);
const rates = found.missed.map((rate, i) => `${rate.toFixed(4)} at ${falseAlarms[i]}`).join(", ");
console.log(
  `\naudit of mu = 2, ${auditRuns} runs of each world: ` +
    `mu ${found.mu.toFixed(4)}, missed ${rates} ` +
    `(0.0228, 0.2362, 0.6279 are exact), ${((performance.now() - startedMs) / 1000).toFixed(0)} s`,
);
console.log(`plot: ${drawn}`);
handOver({
  bench: "consensus",
  oneShot,
  curve,
  monteCarlo,
  views,
  graphs,
  auditRuns,
  audit: found,
});
