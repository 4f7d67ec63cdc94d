import { RunError } from "../../core/errors.ts";
import type { Random } from "../../core/random.ts";
import type { Window } from "../formats/table.ts";
import { type HeldOut, heldOutOf } from "../held-out.ts";
import { RecordCoins } from "../parts/record-coins.ts";
import type { Classes } from "./classes.ts";
import type { PreparationJob, Split } from "./job.ts";
import { splitByGroups, splitByTime } from "./split-by-column.ts";

/**
 * Chooses the test rows: exactly the share, rounded, and at least one row stays for training; by
 * classes so of each class; by groups and times as scikit-learn does (`split-by-column.ts`).
 * `classes` is null where the target is numbers.
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
  const heldOut = heldOutOf(options);
  refuseTwice(options);
  if (heldOut.by === "stratified") refuseStratum(job, classes);
  const at = job.columns.indexOf(job.target);
  if (test !== null) return { testRows: test.rows, at, chooser: () => () => false };
  // Each by its own coin: how many they are is seen when they are written.
  const { share } = heldOut;
  const isByRecord = options.membership === "records";
  if (heldOut.by === "stratified" && classes !== null) return stratified(job, classes, share);
  if (heldOut.by === "groups" || heldOut.by === "time") {
    if (isByRecord) throw recordsAlone(heldOut);
    return (heldOut.by === "groups" ? splitByGroups : splitByTime)(job, heldOut);
  }
  const testRows = isByRecord ? 0 : Math.min(train.rows - 1, Math.round(share * train.rows));
  return { testRows, at, chooser: () => selection(random.fork("split"), train.rows, testRows) };
}

function recordsAlone({ by }: HeldOut): RunError {
  return new RunError(
    "bad-option",
    `data.test.by: ${by}, but data.membership: records has a coin for each row`,
    { hint: "leave data.membership out, or give the share alone" },
  );
}

/** `stratify` beside a `by` says the same, or the opposite. */
function refuseTwice({ test, stratify }: PreparationJob<Window>["options"]): void {
  if (typeof test !== "object" || stratify === undefined) return;
  throw new RunError("bad-option", `data.stratify: ${stratify}, beside data.test.by: ${test.by}`, {
    hint: "leave data.stratify out: data.test says which rows are for testing",
  });
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
    at: targetAt,
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
  const place = options.stratify === true ? "data.stratify" : "data.test.by: stratified";
  const refuse = (what: string, hint: string) =>
    new RunError(isPrivate ? "not-private" : "bad-option", `${place}: ${what}`, { hint });
  if (isPrivate)
    throw refuse(
      "how many rows of a class are for testing would tell how many there are",
      "give the share alone: rows for testing are drawn from all rows alike",
    );
  if (classes === null)
    throw refuse(
      `the target ${JSON.stringify(target.name)} is numbers, not classes`,
      "give the share alone, or choose a problem that classifies, such as logistic",
    );
  if (test !== null || options.membership === "records")
    throw refuse(
      test === null ? "data.membership: records has a coin for each row" : "data.test is a file",
      "give data.test as a share alone",
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
