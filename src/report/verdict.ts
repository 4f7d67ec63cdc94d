import { type ComparedRun, type Comparison, compareRuns } from "./comparison.ts";
import type { ReportVerdict, RunData } from "./data.ts";
import { formatNumber, formatPercent, formatSeconds, plural } from "./format.ts";

/** One sentence that says what came out, and what it rests on. */
export function verdictOf(runs: readonly RunData[]): ReportVerdict {
  if (runs.length === 0) return { sentence: "There is no run to report.", notes: [] };
  return runs.length === 1 ? verdictOfOne(runs[0]!) : verdictOfSeveral(compareRuns(runs));
}

function verdictOfOne(run: RunData): ReportVerdict {
  const { facts, figures } = run;
  const what = facts === null ? "The model" : capital(facts.problem);
  const rows = facts === null ? "" : ` on ${plural(facts.rows, "row")}`;
  const workers = facts === null ? "" : `, waiting for ${waitWords(run)}`;
  const time = formatSeconds(figures.seconds);
  const done = `${plural(figures.rounds, "round")} in ${time}`;
  const sentence = {
    done: `${what}${rows} trained for ${done}${workers}.`,
    budget: `${what}${rows} stopped at its budget after ${done}${workers}.`,
    interrupted: `${what}${rows} was interrupted after ${done}${workers}; it can be resumed.`,
    unfinished: `${what}${rows} could not finish: it stopped after ${done}${workers}.`,
    running: `${what}${rows} is still training: ${done} so far${workers}.`,
  }[run.ending.kind];
  return { sentence, notes: [...reasonNotes(run), ...savedNotes(run), ...doubts(run)] };
}

function reasonNotes({ ending }: RunData): string[] {
  return ending.reason === "" ? [] : [`How it ended: ${ending.reason.replace(/\.?$/, ".")}`];
}

function savedNotes({ pace, figures }: RunData): string[] {
  if (figures.erasures === 0 || pace.savedSeconds < 0.05 * figures.seconds) return [];
  const saved = formatSeconds(pace.savedSeconds);
  return [`Waiting for every reply would have taken at least ${saved} longer.`];
}

function doubts({ figures, repeatedReplies, resumes, toldInSums, slots }: RunData): string[] {
  const notes: string[] = [];
  if (toldInSums > 0)
    notes.push(
      `A large simulation: figures are of all replies, the pictures of slots show the first ` +
        `${plural(slots.length, "slot")} alone.`,
    );
  if (figures.objective === null && figures.rounds > 0)
    notes.push(
      figures.privacy === null
        ? "The objective is not a finite number: training diverged or was never measured."
        : "The objective was not measured: it would tell of raw rows what nobody has paid for.",
    );
  if (resumes > 0) notes.push(`Resumed ${plural(resumes, "time")}.`);
  if (repeatedReplies > 0)
    notes.push(`Counted in the totals only: replies to unfinished rounds, ${repeatedReplies}.`);
  return notes;
}

function verdictOfSeveral(comparison: Comparison): ReportVerdict {
  const { baseline, runs, sameProblem } = comparison;
  const notes: string[] = [];
  if (!sameProblem)
    notes.push("These runs trained different problems or data: objectives do not compare.");
  for (const { run } of runs)
    if (run.ending.kind !== "done") notes.push(`“${run.label}” ${endingWords(run)}.`);
  const rounds = new Set(runs.map(({ run }) => run.figures.rounds));
  if (rounds.size > 1) notes.push("The runs took different numbers of rounds; see the table.");
  const others = runs.filter(({ run }) => run !== baseline && run.ending.kind === "done");
  const contender = choose(others);
  if (baseline === null || baseline.ending.kind !== "done" || contender === null)
    return { sentence: withoutBaseline(runs), notes };
  const raced = sameProblem ? raceNotes(contender, comparison, baseline) : [];
  const sentence = againstBaseline(contender, comparison, baseline);
  return { sentence, notes: [...raced, ...notes] };
}

/** The fastest of those whose objective is near the best; where none is, the nearest. */
function choose(others: readonly ComparedRun[]): ComparedRun | null {
  const near = others.filter(({ gap }) => gap !== null && gap <= 0.01);
  const seconds = ({ run }: ComparedRun) => run.figures.seconds;
  if (near.length > 0) return near.reduce((a, b) => (seconds(b) < seconds(a) ? b : a));
  const gapOf = ({ gap }: ComparedRun) => gap ?? Number.POSITIVE_INFINITY;
  return others.reduce<ComparedRun | null>(
    (a, b) => (a === null || gapOf(b) < gapOf(a) ? b : a),
    null,
  );
}

function againstBaseline(
  contender: ComparedRun,
  { runs, sameProblem }: Comparison,
  baseline: RunData,
): string {
  const ratio = contender.speedup ?? 1;
  const baselineGap = runs.find(({ run }) => run === baseline)?.gap ?? null;
  const worse = contender.gap === null || baselineGap === null ? null : contender.gap - baselineGap;
  const far = worse !== null && worse > 0.05;
  const cost = costWords(contender.run.figures.dollars, baseline.figures.dollars);
  const objective = `${sameProblem ? `, ${objectiveWords(worse)}` : ""}${cost}`;
  const who = `“${contender.run.label}” (${waitWords(contender.run)})`;
  if (ratio < 0.97)
    return (
      `Not waiting did not pay here: ${who} was ${times(1 / ratio)} slower ` +
      `than waiting for all${objective}.`
    );
  if (ratio < 1.03) return `${who} took as long as waiting for all${objective}.`;
  const enough = enoughWords(contender.run);
  const subject = far || enough === null ? `${who} was` : `${enough} were enough:`;
  return `${subject} ${times(ratio)} faster than waiting for all${objective}.`;
}

function withoutBaseline(runs: readonly ComparedRun[]): string {
  const done = runs.filter(({ run }) => run.ending.kind === "done");
  if (done.length === 0) return "None of the compared runs has finished yet.";
  const fast = done.reduce((a, b) => (b.run.figures.seconds < a.run.figures.seconds ? b : a));
  const good = done.reduce((a, b) => ((b.gap ?? Infinity) < (a.gap ?? Infinity) ? b : a));
  const seconds = formatSeconds(fast.run.figures.seconds);
  const objective = formatNumber(good.run.figures.objective);
  return (
    `“${fast.run.label}” was the fastest (${seconds}), ` +
    `“${good.run.label}” reached the lowest objective (${objective}).`
  );
}

function objectiveWords(worse: number | null): string {
  if (worse === null) return "objective unknown";
  if (Math.abs(worse) < 1e-6) return "same objective";
  if (Math.abs(worse) <= 0.05) return `objective within ${formatPercent(Math.abs(worse))}`;
  const change = formatPercent(Math.abs(worse));
  return worse > 0 ? `but its objective is ${change} worse` : `objective ${change} better`;
}

/** Whole runs may end long after they were good enough: when did each get where? */
function raceNotes(contender: ComparedRun, { runs }: Comparison, baseline: RunData): string[] {
  const notes: string[] = [];
  const own = contender.nearBestSeconds;
  const other = runs.find(({ run }) => run === baseline)?.nearBestSeconds ?? null;
  if (own !== null && other !== null && own > 0)
    notes.push(
      `Within 1 % of the best objective after ${formatSeconds(own)}, ` +
        `waiting for all after ${formatSeconds(other)}.`,
    );
  const { objective, seconds } = contender.run.figures;
  const reached = baseline.curve.points.find(
    (point) => point.objective !== null && objective !== null && point.objective <= objective,
  );
  if (reached !== undefined && reached.seconds < seconds)
    notes.push(
      `Waiting for all had reached the final objective of “${contender.run.label}” ` +
        `after ${formatSeconds(reached.seconds)} already, before that run ended.`,
    );
  return notes;
}

/** Not waiting is paid for in unused replies and in redundant rows: say so where it shows. */
function costWords(dollars: number, baseline: number): string {
  if (baseline === 0 || dollars === 0) return "";
  const ratio = dollars / baseline;
  return Math.abs(ratio - 1) < 0.1 ? "" : `, at ${times(ratio)} the cost`;
}

/** "12 of 16 workers", where the run says so. */
function enoughWords({ facts }: RunData): string | null {
  if (facts === null) return null;
  const match = /fastest (\d+)/i.exec(facts.wait);
  return match === null ? null : `${match[1]} of ${facts.workers} workers`;
}

function waitWords({ facts }: RunData): string {
  if (facts === null) return "an unknown number of workers";
  if (/^all\b/i.test(facts.wait)) return `all ${plural(facts.workers, "worker")}`;
  const deadline = /^([\d.]+ m?s), at least (\d+)/.exec(facts.wait);
  if (deadline !== null)
    return `${deadline[1]} and at least ${deadline[2]} of ${plural(facts.workers, "worker")}`;
  const wait = /^fastest \d/.test(facts.wait) ? `the ${facts.wait}` : facts.wait;
  return / of \d+$/.test(wait)
    ? `${wait} workers`
    : `${wait} of ${plural(facts.workers, "worker")}`;
}

function endingWords({ ending }: RunData): string {
  return {
    done: "finished",
    budget: "stopped at its budget",
    interrupted: "was interrupted",
    unfinished: "could not finish",
    running: "is still running",
  }[ending.kind];
}

function times(ratio: number): string {
  return `${ratio >= 10 ? ratio.toFixed(0) : ratio.toFixed(ratio < 1.1 ? 2 : 1)}×`;
}

function capital(word: string): string {
  return word.slice(0, 1).toUpperCase() + word.slice(1);
}
