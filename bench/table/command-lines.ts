import { type Job, type JobOptions, type Line, pick, ratio, type Told } from "./line.ts";

/** Rows of whole commands, each beside its peer and the build before in one run. */
function whole(name: string, row: string, megabytes: number, more: readonly string[] = []): Job {
  return {
    name,
    arguments: (options) => [
      ...["whole", row, "--megabytes", String(options.isSmall ? 4 : megabytes)],
      ...(options.isSmall ? ["--repetitions", "1"] : more),
      ...besides(options),
    ],
  };
}

function besides({ before }: JobOptions): string[] {
  return before === null ? [] : ["--before", before];
}

const [builds, peer] = [{ now: "kofn", before: "kofn before" } as const, "scikit-learn"];
const ridge = whole("ridge", "ridge", 89);
const large = whole("ridge-large", "ridge", 978, ["--repetitions", "1"]);
const firstRound = whole("first-round", "first-round", 89);
const late = whole("late", "late", 89);
const manyWorkers: Job = {
  name: "sixty-four",
  arguments: (options) => [
    ...["whole", "first-round", "--workers", options.isSmall ? "16" : "64"],
    ...(options.isSmall ? ["--repetitions", "1"] : []),
    ...besides(options),
  ],
};

/** Peer's time over kofn's. */
function speed(row: string): Pick<Line, "now" | "before"> {
  const of = (build: string) => (told: Told) => {
    const at = (who: string) => pick(told.now, "results", { name: row }, who, "seconds");
    return ratio(at(peer), at(build));
  };
  return { now: of(builds.now), before: of(builds.before) };
}

/** kofn's memory over the peer's. */
function memory(row: string): Pick<Line, "now" | "before"> {
  const of = (build: string) => (told: Told) => {
    const at = (who: string) => pick(told.now, "results", { name: row }, who, "peakMegabytes");
    return ratio(at(build), at(peer));
  };
  return { now: of(builds.now), before: of(builds.before) };
}

/** A figure of a labelled line, as it is or as a part of another's. */
function labelled(label: string, figure: string, over?: string): Pick<Line, "now" | "before"> {
  const of = (build: string) => (told: Told) => {
    const at = (who: string) => pick(told.now, "results", { label: who }, figure);
    const mine = at(`${build}${label}`);
    return over === undefined ? mine : ratio(at(over), mine);
  };
  return { now: of(builds.now), before: of(builds.before) };
}

function firstRoundLines(backend: string, filed: string, over: number, limit: number): Line[] {
  const [wall, processor] = filed.split(", ") as [string, string];
  return [
    {
      ...{ row: 6, name: `first-round-${backend}`, job: firstRound, filed: wall, unit: "x" },
      work: `first round, ${backend}, Ray's seconds over it`,
      ...{ target: over, is: "at least", ...labelled(`, ${backend}`, "seconds", "ray") },
    },
    {
      ...{ row: 6, name: `first-round-${backend}-processor`, job: firstRound, unit: "s" },
      ...{ filed: processor, work: `first round, ${backend}, processor seconds` },
      ...{ target: limit, is: "at most", ...labelled(`, ${backend}`, "processorSeconds") },
    },
  ];
}

export const commandLines: readonly Line[] = [
  {
    ...{ row: 1, name: "ridge", job: ridge, filed: ".33 to .44", unit: "x" },
    work: "ridge, 89 MB, against scikit-learn",
    ...{ target: 1, is: "at least", ...speed("ridge") },
  },
  {
    ...{ row: 1, name: "ridge-large", job: large, filed: ".33 to .44", unit: "x" },
    work: "ridge, 978 MB, against scikit-learn",
    ...{ target: 1, is: "at least", ...speed("ridge") },
  },
  {
    ...{ row: 1, name: "ridge-large-memory", job: large, filed: "-", unit: "of theirs" },
    work: "the same, memory over theirs",
    ...{ target: 0.3, is: "at most", ...memory("ridge") },
  },
  {
    ...{ row: 2, name: "lasso", job: whole("lasso", "lasso", 89), filed: ".36 to .41", unit: "x" },
    work: "lasso, 89 MB, against scikit-learn",
    ...{ target: 1, is: "at least", ...speed("lasso") },
  },
  {
    ...{ row: 2, name: "logistic", filed: ".36 to .41", unit: "x" },
    ...{ job: whole("logistic", "logistic", 89), ...speed("logistic") },
    work: "logistic, 89 MB, against scikit-learn",
    ...{ target: 1, is: "at least" },
  },
  {
    ...{ row: 3, name: "sparse", job: whole("sparse", "sparse", 89), filed: ".37", unit: "x" },
    work: "sparse logistic, 89 MB, against scikit-learn",
    ...{ target: 1.2, is: "at least", ...speed("sparse") },
  },
  {
    ...{ row: 5, name: "tail", filed: "10 to 14 %", unit: "%" },
    job: whole("tail", "tail", 89),
    work: "tail after the last round, logistic, 89 MB",
    ...{ target: 2, is: "at most" },
    now: (told) => percent(pick(told.now, "results", { label: builds.now }, "share")),
    before: (told) => percent(pick(told.now, "results", { label: builds.before }, "share")),
  },
  ...firstRoundLines("threads", "3.9, 3.75 s", 20, 0.5),
  ...firstRoundLines("simulated", "5.2, 2.2 s", 25, 0.4),
  ...firstRoundLines("emulated", "2.0, 7.6 s", 9, 1.5),
  {
    ...{ row: 7, name: "sixty-four", job: manyWorkers, filed: "11.8 s", unit: "s" },
    work: "first round of 64 emulated workers",
    ...{ target: 3, is: "at most", ...labelled(", emulated", "seconds") },
  },
  {
    ...{ row: 8, name: "late-all", job: late, filed: ".85", unit: "x" },
    work: "5 % x 1 s late, against Ray waiting for all",
    ...{ target: 4, is: "at least", ...labelled(", fastest 6", "seconds", "ray, all") },
  },
  {
    ...{ row: 8, name: "late-first", job: late, filed: "below 1", unit: "x" },
    work: "the same, against Ray's first 6",
    ...{ target: 1.3, is: "at least", ...labelled(", fastest 6", "seconds", "ray, first 6") },
  },
];

function percent(share: number | null): number | null {
  return share === null ? null : 100 * share;
}
