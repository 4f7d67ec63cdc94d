import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { type RunInput, train } from "../src/index.ts";

const script = join(import.meta.dirname, "conformance/scikit_learn_passes.py");

/** What scikit-learn took to come within 1e-6 of the optimum. */
interface Fitted {
  readonly data: string;
  readonly l1: number;
  readonly l2: number;
  readonly objective: number;
  readonly passes: number;
}

const near = 1e-6;
/** The most passes, as a multiple of scikit-learn's. */
const passesMax = 2;

/**
 * Passes over the rows that lasso and elastic net take to within 1e-6 of the optimum, as a run
 * states nothing about its optimizer; false where they are more than twice scikit-learn's.
 */
export async function conformancePasses(python: string, folder: string): Promise<boolean> {
  const text = execFileSync(python, ["-W", "ignore", script, folder], { maxBuffer: 2 ** 28 });
  const found = JSON.parse(text.toString()) as Fitted[];
  console.log("passes over the rows to 1e-6 of the optimum, X'X one of them");
  console.log(columns("data set", "l1", "l2", "scikit-learn", "kofn", "above"));
  let wrong = 0;
  for (const fitted of found) {
    const { passes, above } = await passesOf(folder, fitted);
    const holds = passes <= passesMax * fitted.passes;
    if (!holds) wrong++;
    const cells = [
      fitted.data,
      fitted.l1,
      fitted.l2,
      fitted.passes,
      passes,
      above.toExponential(1),
    ];
    console.log(columns(...cells.map(String)) + (holds ? "" : "  <- more than twice"));
  }
  console.log(wrong === 0 ? "never more than twice" : `${wrong} take more than twice`);
  return wrong === 0;
}

async function passesOf(folder: string, { data, l1, l2, objective, passes }: Fitted) {
  const objectives: number[] = [];
  const problem: RunInput["problem"] =
    l2 === 0 ? { type: "lasso", l1 } : { type: "elastic-net", l1, l2 };
  await train(
    {
      problem,
      data: { source: join(folder, `${data}.csv`), target: "y", test: 0 },
      ...{ workers: 4, wait: "all", encoding: "uncoded" },
      stop: { rounds: Math.min(400, 2 * passes + 30), tolerance: 1e-9 },
    },
    {
      backend: "simulated",
      home: join(folder, "passes"),
      onRound: ({ objectiveEstimate }) => {
        objectives.push(objectiveEstimate);
      },
    },
  );
  // A round tells the objective where it began, after as many passes as rounds before it.
  const round = objectives.findIndex((value) => value <= objective * (1 + near));
  const above = Math.min(...objectives) / objective - 1;
  return { passes: round < 0 ? Number.POSITIVE_INFINITY : 1 + round, above };
}

function columns(...texts: string[]): string {
  return texts.map((text, i) => text.padEnd(i === 0 ? 14 : 13)).join("");
}
