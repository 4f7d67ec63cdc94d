import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { train } from "../src/index.ts";
import { installedPackages } from "./conformance-install.ts";
import { conformancePasses } from "./conformance-scikit-learn-passes.ts";
import { conformanceWeights } from "./conformance-scikit-learn-weights.ts";

const version = "1.7.2";
const requirements = [`scikit-learn==${version}`, "statsmodels==0.14.5", "numpy==2.3.5"];
const script = join(import.meta.dirname, "conformance/scikit_learn.py");

/** An optimum that scikit-learn found. */
interface Solved {
  readonly data: string;
  readonly problem: "ridge" | "logistic" | "softmax";
  readonly rows: number;
  readonly metric: number;
  readonly objective: number;
}

/** Objectives may differ by so much of themselves: weights are told in float32. */
const objectiveMax = 2e-5;

/**
 * kofn against scikit-learn on data sets that ship with it and statsmodels: metrics and objectives
 * over raw, unscaled features; weights over standardised ones. KOFN_PEERS_PYTHON names a Python
 * that has both; otherwise one is made. KOFN_DATA_SET takes the weights of one data set.
 */
export async function conformanceScikitLearn(): Promise<boolean> {
  const python =
    process.env.KOFN_PEERS_PYTHON ??
    installedPackages(`scikit-learn ${version} statsmodels 0.14.5`, requirements);
  if (python === null) return true;
  const folder = mkdtempSync(join(tmpdir(), "kofn-scikit-learn-"));
  try {
    const text = execFileSync(python, ["-W", "ignore", script, folder]).toString();
    const told = JSON.parse(text) as { version: string; l2: number; found: Solved[] };
    console.log(`scikit-learn ${told.version}, l2 ${told.l2}, raw features; kofn: 4 workers, all`);
    console.log(line("data set", "problem", "metric", "kofn", "scikit-learn", "off", "objective"));
    let wrong = 0;
    for (const solved of told.found) if (!(await holds(folder, told.l2, solved))) wrong++;
    console.log(wrong === 0 ? "all agree" : `${wrong} differ`);
    const weights = await conformanceWeights(python, folder);
    const passes = await conformancePasses(python, folder);
    return weights && passes && wrong === 0;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function holds(folder: string, l2: number, solved: Solved): Promise<boolean> {
  const { data, problem, rows, metric: theirs, objective } = solved;
  const { result } = await train(
    {
      problem: { type: problem, l2 },
      data: { source: join(folder, `${data}.csv`), target: "y", standardize: false },
      workers: 4,
      wait: "all",
      stop: { rounds: 2_000, tolerance: 1e-6 },
    },
    { backend: "simulated", home: join(folder, "home") },
  );
  const name = problem === "ridge" ? "r2" : "accuracy";
  const ours = result.metrics.train[name]!;
  const off = result.objective! / objective - 1;
  const shown = [ours, theirs].map((value) => value.toFixed(6));
  const apart = (ours - theirs).toExponential(1);
  console.log(line(data, problem, name, shown[0]!, shown[1]!, apart, off.toExponential(1)));
  // A row that lies on the border may fall to either side.
  const metricMax = name === "r2" ? 1e-6 : 1 / rows;
  return Math.abs(ours - theirs) <= metricMax && Math.abs(off) <= objectiveMax;
}

function line(...columns: string[]): string {
  return columns.map((text, i) => text.padEnd(i < 2 ? 18 : 13)).join("");
}
