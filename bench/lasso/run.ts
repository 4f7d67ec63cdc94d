import { leastLasso } from "../../test/vectors/lasso-by-hand.ts";
import { f1Of, lassoObjective, lassoTrial, scaled } from "../../test/vectors/lasso-recovery.ts";
import { handOver } from "../hand-over.ts";
import { numberOption } from "../simulated.ts";

/**
 * LASSO at a hundredth of the size in Karakus et al., JMLR 2019: 1280 x 1000, 77 weights other than
 * zero, noise 4, l1 = .6, 128 workers, 200 rounds: how well the support is found (F1 = 2PR/(P+R))
 * and how far the objective is from its minimum, with other slots missing in every round.
 *
 * `--trials 10`
 */
const trials = numberOption("trials", 3);
const cases = [
  { encoding: { type: "uncoded" }, k: 128 },
  { encoding: { type: "uncoded" }, k: 48 },
  { encoding: { type: "replication" }, k: 48 },
  { encoding: { type: "hadamard" }, k: 48 },
  { encoding: { type: "uncoded" }, k: 80 },
  { encoding: { type: "replication" }, k: 80 },
  { encoding: { type: "hadamard" }, k: 80 },
  { encoding: { type: "steiner", chunk: 1128 }, k: 80 },
];
const variants = [
  { optimizer: { type: "proximal-gradient" } },
  { optimizer: { type: "fista" } },
  { optimizer: { type: "fista" }, exact: { everyRounds: 5 } },
];

console.log(`${trials} trials of ${scaled.rows} x ${scaled.columns}, ${scaled.workers} workers`);
console.log("means over trials; others missing in every round\n");
const optima = new Map<number, Float64Array>();
const results = [];
for (const variant of variants) {
  const name = variant.optimizer.type + (variant.exact === undefined ? "" : ", exact");
  console.log(
    name.padEnd(32) + "F1".padStart(6) + "F/F* - 1".padStart(11) + "non-zero".padStart(10),
  );
  for (const { encoding, k } of cases) {
    const runs = Array.from({ length: trials }, (_, seed) =>
      judged(lassoTrial({ ...scaled, ...variant, encoding, k, seed }), seed),
    );
    const mean = (pick: (run: (typeof runs)[number]) => number) =>
      runs.reduce((sum, run) => sum + pick(run), 0) / trials;
    const row = {
      f1: mean((run) => run.f1),
      gap: mean((run) => run.gap),
      nonzero: mean((run) => run.nonzero),
      bestF1: mean((run) => run.bestF1),
    };
    results.push({ ...variant, encoding: encoding.type, k, ...row });
    console.log(
      `  ${encoding.type}, ${k} of ${scaled.workers}`.padEnd(32) +
        row.f1.toFixed(3).padStart(6) +
        row.gap.toExponential(1).padStart(11) +
        row.nonzero.toFixed(0).padStart(10),
    );
  }
}
console.log(`F1 at the optimum: ${results[0]!.bestF1.toFixed(3)}`);
handOver({ bench: "lasso", ...scaled, trials, results });

function judged({ weights, examples, support, f1 }: ReturnType<typeof lassoTrial>, seed: number) {
  const best = optima.get(seed) ?? leastLasso(examples, scaled.l1, 1e-10);
  optima.set(seed, best);
  const [end, least] = [weights, best].map((one) => lassoObjective(examples, scaled.l1, one));
  const nonzero = weights.filter((weight) => weight !== 0).length;
  return { f1, bestF1: f1Of(best, support), gap: end! / least! - 1, nonzero };
}
