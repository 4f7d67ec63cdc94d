import { RunError } from "../../core/errors.ts";
import type { Random } from "../../core/random.ts";
import type { Window } from "../formats/table.ts";
import { RecordCoins } from "../parts/record-coins.ts";
import type { Classes } from "./classes.ts";
import type { PreparationJob } from "./job.ts";

/** Which of the training file's rows are for testing. */
export interface Split {
  readonly testRows: number;
  /** Tells it of each row in order, given the row's target as it was read. */
  chooser(): (target: number) => boolean;
}

/**
 * Chooses the test rows: exactly the share, rounded, and at least one row stays for training; with
 * `stratify` so of each class. Null for classes: the target is numbers.
 */
export async function splitRows(
  job: PreparationJob<Window>,
  classes: Classes | null,
): Promise<Split> {
  const { train, test, options, random } = job;
  if (train.rows === 0)
    throw new RunError("no-rows", "the training data hold no rows, expected at least one", {
      hint: "a row of column names alone is not enough",
    });
  if (options.stratify === true) refuseStratum(job, classes);
  if (test !== null) return { testRows: test.rows, chooser: () => () => false };
  // Each by its own coin: how many they are is seen when they are written.
  const share = typeof options.test === "number" ? options.test : 0;
  const isByRecord = options.membership === "records";
  if (options.stratify === true && classes !== null) return stratified(job, classes, share);
  const testRows = isByRecord ? 0 : Math.min(train.rows - 1, Math.round(share * train.rows));
  return { testRows, chooser: () => selection(random.fork("split"), train.rows, testRows) };
}

/** As many of each class as its own share of rows, rounded, says. */
async function stratified(
  job: PreparationJob<Window>,
  { labels, classOf }: Classes,
  share: number,
): Promise<Split> {
  const targetAt = job.columns.indexOf(job.target);
  const counts = new Float64Array(labels.length);
  for await (const window of job.train.windows())
    for (let row = 0; row < window.rows; row++) {
      const target =
        window.kind === "sparse"
          ? window.labels[row]!
          : window.cells[row * window.width + targetAt]!;
      counts[classOf[target]!]! += 1;
    }
  const tests = counts.map((count) => Math.min(Math.max(0, count - 1), Math.round(share * count)));
  const random = job.random.fork("split");
  return {
    testRows: tests.reduce((sum, count) => sum + count, 0),
    chooser() {
      const choosers = labels.map((label, i) =>
        selection(random.fork(`class/${label}`), counts[i]!, tests[i]!),
      );
      return (target) => choosers[classOf[target]!]!();
    },
  };
}

function refuseStratum(
  { isPrivate, options, target, test }: PreparationJob<Window>,
  classes: Classes | null,
): void {
  const refuse = (what: string, hint: string) =>
    new RunError(isPrivate ? "not-private" : "bad-option", `data.stratify: ${what}`, { hint });
  if (isPrivate)
    throw refuse(
      "how many rows of a class are for testing would tell how many there are",
      "leave it out: rows for testing are drawn from all rows alike",
    );
  if (classes === null)
    throw refuse(
      `the target ${JSON.stringify(target.name)} is numbers, not classes`,
      "leave it out, or choose a problem that classifies, such as logistic",
    );
  if (test !== null || options.membership === "records")
    throw refuse(
      test === null ? "data.membership: records has a coin for each row" : "data.test is a file",
      "leave data.stratify out, or give data.test as a share alone",
    );
}

/**
 * The same where a record is chosen by itself, its numbers given: null where its place decides. The
 * share is then the chance of each, and how many they are depends on the records.
 */
export function recordChooser({
  test,
  options,
  seed,
}: PreparationJob<Window>): ((...numbers: (Float32Array | Uint32Array)[]) => boolean) | null {
  if (options.membership !== "records") return null;
  const share = test === null && typeof options.test === "number" ? options.test : 0;
  const coins = new RecordCoins(seed, "split");
  return share === 0 ? () => false : (...numbers) => coins.coin(...numbers) < share;
}

/** Which rows are for testing: exactly `chosen` of `total`, every subset equally likely. */
export function selection(random: Random, total: number, chosen: number): () => boolean {
  if (chosen === 0) return () => false;
  let left = total;
  let wanted = chosen;
  return () => {
    const taken = random.uniform() * left < wanted;
    left--;
    if (taken) wanted--;
    return taken;
  };
}
