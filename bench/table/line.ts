/** What a bench handed over. */
export type Figures = Readonly<Record<string, unknown>>;

/** Of today's build and of the one before; null where there is none. */
export interface Told {
  readonly now: Figures | null;
  readonly before: Figures | null;
}

export interface JobOptions {
  /** Folder of the build before; null where none was named. */
  readonly before: string | null;
  /** Sizes that show that it works, of which the figures say nothing. */
  readonly isSmall: boolean;
}

/** A bench that is run once for one line of the table or for several. */
export interface Job {
  readonly name: string;
  /** What is run in place of `bench/run.ts`. */
  readonly script?: string;
  /** Of `npm run bench --`, for today's build. */
  arguments(options: JobOptions): readonly string[];
  /** Of the bench as it was before, in its own checkout; absent where there was none. */
  before?(options: JobOptions): readonly string[];
}

/** A line of the table: one figure and what it is to reach. */
export interface Line {
  /** As the table of targets numbers them. */
  readonly row: number;
  /** Names the line in `reasons.txt`. */
  readonly name: string;
  readonly work: string;
  readonly job: Job;
  /** What stood in the table of targets when it was written. */
  readonly filed: string;
  readonly target: number;
  /** Whether figures are to be at least or at most the target. */
  readonly is: "at least" | "at most";
  readonly unit: "x" | "s" | "%" | "of theirs" | "passes";
  now(told: Told): number | null;
  before?(told: Told): number | null;
  /** Another way to meet the target, in words; null where nothing is known of it. */
  otherwise?(told: Told): { readonly isMet: boolean; readonly words: string } | null;
}

/** A name, or what the wanted element of a list has. */
type Step = string | Readonly<Record<string, unknown>>;

/** The number at the end of a path into figures; null where there is none. */
export function pick(figures: Figures | null, ...path: readonly Step[]): number | null {
  let at: unknown = figures;
  for (const step of path) {
    if (typeof at !== "object" || at === null) return null;
    if (typeof step === "string") at = (at as Record<string, unknown>)[step];
    else if (!Array.isArray(at)) return null;
    else at = at.find((one) => Object.entries(step).every(([name, value]) => one[name] === value));
  }
  return typeof at === "number" && Number.isFinite(at) ? at : null;
}

export function ratio(over: number | null, under: number | null): number | null {
  return over === null || under === null || under === 0 ? null : over / under;
}

export interface Verdict {
  /** Null where there is no figure. */
  readonly isMet: boolean | null;
  readonly words: string;
}

/** Whether a line's target is met, and by how much of it. */
export function verdictOf(line: Line, told: Told): Verdict {
  const value = line.now(told);
  const other = line.otherwise?.(told) ?? null;
  if (value === null) return { isMet: null, words: "no figure" };
  const over = value / line.target - 1;
  const isMet = line.is === "at least" ? over >= 0 : over <= 0;
  const by = `by ${Math.abs(100 * over).toFixed(0)} %`;
  if (isMet) return { isMet, words: `met ${by}` };
  if (other === null) return { isMet, words: `missed ${by}` };
  return { isMet: other.isMet, words: `${other.isMet ? "met" : `missed ${by}`}: ${other.words}` };
}

/** A figure with its unit. */
export function written(value: number | null, unit: Line["unit"]): string {
  if (value === null) return "-";
  if (unit === "passes") return `${value.toFixed(1)}`;
  if (unit === "%") return `${value.toFixed(1)} %`;
  const digits = value >= 100 ? 0 : value >= 20 ? 1 : value < 1 ? 3 : 2;
  const number = value.toFixed(digits);
  return unit === "s" ? `${number} s` : unit === "x" ? `${number}x` : number;
}

/** Reads `name: reason`, a line each; an indented line goes on with the reason above it. */
export function reasonsIn(text: string): ReadonlyMap<string, string> {
  const reasons = new Map<string, string>();
  let name = "";
  for (const line of text.split("\n").filter((one) => one.trim() !== "" && !one.startsWith("#"))) {
    if (/^\s/.test(line)) reasons.set(name, `${reasons.get(name)} ${line.trim()}`);
    else {
      const at = line.indexOf(": ");
      if (at < 0) throw new Error(`no reason: ${line}`);
      name = line.slice(0, at);
      reasons.set(name, line.slice(at + 2).trim());
    }
  }
  return reasons;
}
