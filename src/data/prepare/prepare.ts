import { RunError } from "../../core/errors.ts";
import { randomFrom } from "../../core/random.ts";
import type { Store } from "../../ports/store.ts";
import type { DenseWindow, Input, SparseWindow, Window } from "../formats/table.ts";
import type { Prepared, StoredPart } from "../manifests.ts";
import type { OffsetMode } from "../offsets.ts";
import type { DataOptions } from "../options.ts";
import { digestOf, readPartManifest, writePartManifest } from "../parts/dense-parts.ts";
import type { SourceOpener } from "../sources/source.ts";
import { namingAll } from "./column-cures.ts";
import { ColumnNotes } from "./column-notes.ts";
import type { TargetKind } from "./feature-column.ts";
import { countsFromZero, oneSource, openInput, refuseFormats, withTarget } from "./input.ts";
import type { PreparationJob, PreparedContent } from "./job.ts";
import { labelLayout, sameLayout, trainingLayout } from "./layout.ts";
import { heldNotes, type Note, tellNotes } from "./notes.ts";
import { prepareDense } from "./prepare-dense.ts";
import { pairPreparation } from "./prepare-pairs.ts";
import { prepareRatings } from "./prepare-ratings.ts";
import { prepareSparse } from "./prepare-sparse.ts";
import { prepareText, type TextOptions } from "./prepare-text.ts";
import { specialColumns } from "./special-columns.ts";
import { type Spool, spoolRows, withSpools } from "./spool.ts";

/** What to prepare, for which kind of problem. */
export interface PrepareRequest {
  readonly data: DataOptions;
  readonly task: TargetKind;
  readonly seed: number | string;
  /**
   * Nothing of the preparation may hang on a row: classes and levels are those that are stated, and
   * a record of any other class counts nothing (its target is NaN). Absent: learned and checked.
   */
  readonly isPrivate?: boolean;
  /** What may be done about large offsets; nothing where absent. */
  readonly offsets?: OffsetMode;
}

export interface PreparePorts {
  readonly open: SourceOpener;
  readonly store: Store;
  /** Bytes gone through so far, of about `total`: the source twice, once parsed, once written. */
  readonly onProgress?: (done: number, total: number) => void;
  /** Hears what of the source is left out. */
  readonly onNote?: Note;
}

/** Raised whenever the same input would give other bytes. */
const formatVersion = 1;

/**
 * Reads a data set, splits it, and writes features as parts with a manifest at
 * `prepared/<digest>.json`. The same sources, options and seed give the same digest, and what is
 * in the store already is not made again. Needs a temporary folder; it is removed in any case.
 */
export async function prepareDataSet(
  request: PrepareRequest,
  ports: PreparePorts,
): Promise<Prepared> {
  const { data, task, seed, isPrivate = false, offsets = "kept" } = request;
  if (data.pairs !== undefined) return preparePairSet(request, ports);
  if (typeof data.test === "string" && data.targetSource !== undefined)
    throw new RunError("bad-option", `data.test: ${data.test}, with targets in another file`, {
      hint: "give the share of test rows, or keep the target as a column of both files",
    });
  const train = await openInput(data, ports.open);
  const test =
    typeof data.test === "string"
      ? await openInput({ ...data, source: data.test, generate: undefined }, ports.open)
      : null;
  const doubts = heldNotes(ports.onNote);
  const purpose = { task, isPrivate };
  const special = await specialColumns(train, data, purpose, ports.onNote, doubts.hold);
  const tellAll = ({ notes = [] }: Prepared) => {
    for (const note of notes) doubts.hold(`${train.name}: ${note}`);
    doubts.tell();
  };
  const about = {
    formatVersion,
    sources: [await train.identity(), (await test?.identity()) ?? null],
    options: shapingOf(data, train.format, test !== null),
    task,
    seed: String(seed),
    ...(special.length > 0 ? { special } : {}),
    ...(train.isSparse && data.standardize ? { sparse: "scaled" } : {}),
    // A class that is not stated is refused elsewhere.
    ...(isPrivate && data.classes !== undefined ? { otherClasses: "count nothing" } : {}),
  };
  // Where offsets change nothing that is stored, the name is that of rows as they are.
  const mayDiffer =
    offsets !== "kept" && (train.isSparse || !data.standardize || task === "regression");
  const digests = mayDiffer
    ? [digestOf({ ...about, offsets }), digestOf(about)]
    : [digestOf(about)];
  for (const digest of digests) {
    const before = await readPartManifest<Prepared>(ports.store, keyOf(digest), partsOf);
    if (before === null || (mayDiffer && before.offsets !== offsets)) continue;
    tellAll(before);
    return before;
  }
  const content =
    data.text === undefined
      ? await namingAll(() => fromFiles(request, train, test, ports), train, data, purpose)
      : await fromText(request, data.text, ports);
  const digest = isChanged(content) ? digests[0]! : digests.at(-1)!;
  const prepared: Prepared = {
    version: 1,
    digest,
    ...content,
    ...(mayDiffer ? { offsets } : {}),
  };
  await writePartManifest(ports.store, keyOf(digest), prepared);
  tellAll(prepared);
  return prepared;
}

function shapingOf(data: DataOptions, format: string, hasTestFile: boolean) {
  const { source: _, targetSource: __, generate: ___, storage: ____, ...shaping } = data;
  return { ...shaping, format, test: hasTestFile ? "file" : data.test };
}

/** Pairs of sentences: their digest is of their own files. */
async function preparePairSet(
  { data, task, seed, isPrivate = false }: PrepareRequest,
  { open, store, onNote = () => undefined }: PreparePorts,
): Promise<Prepared> {
  const random = randomFrom(seed).fork("prepare");
  const { about, prepare } = await pairPreparation({ data, isPrivate, random, open, onNote });
  const digest = digestOf({ formatVersion, ...about, task, seed: String(seed) });
  const before = await readPartManifest<Prepared>(store, keyOf(digest), partsOf);
  if (before !== null) return before;
  const prepared: Prepared = { version: 1, digest, ...(await prepare(store)) };
  await writePartManifest(store, keyOf(digest), prepared);
  return prepared;
}

function keyOf(digest: string): string {
  return `prepared/${digest}.json`;
}

function partsOf({ train, test }: Prepared): readonly StoredPart[] {
  return [...train, ...test];
}

/** Something was learned of offsets that rows as they are do not come with. */
function isChanged({ preparation, scales, lost }: PreparedContent): boolean {
  return scales !== undefined || lost !== undefined || preparation.target.offset !== undefined;
}

async function fromText(
  { data, task, seed }: PrepareRequest,
  text: TextOptions,
  { open, store, onProgress = () => undefined }: PreparePorts,
): Promise<PreparedContent> {
  if (task !== "classification" || data.source === undefined)
    throw new RunError("bad-option", "data.text: rows of text are for problem: network", {
      hint: "its loss is categoricalCrossentropy: which token comes next; the source is a file",
    });
  const { classes, levels, features } = data;
  for (const [key, stated] of Object.entries({ classes, levels, features }))
    if (stated !== undefined)
      throw new RunError("bad-option", `data.${key}: it has no meaning beside data.text`, {
        hint: "remove it: a text's classes are its tokens",
      });
  const source = await open(oneSource(data.source, "data.text"));
  const test = typeof data.test === "string" ? await open(data.test) : null;
  const total = 2 * source.sizeBytes + (test?.sizeBytes ?? 0);
  let done = 0;
  const onBytes = (bytes: number) => {
    done = Math.min(total, done + bytes);
    onProgress(done, total);
  };
  const random = randomFrom(seed).fork("prepare");
  return prepareText({ source, test, options: data, text, random, onBytes }, store);
}

function fromFiles(request: PrepareRequest, train: Input, test: Input | null, ports: PreparePorts) {
  const data = withTarget(request.data, train);
  return withSpools((spool) => fromInputs({ ...request, data }, train, test, ports, spool));
}

type NewSpool = <W extends Window>() => Promise<Spool<W>>;

async function fromInputs(
  { data, task, seed, isPrivate = false, offsets = "kept" }: PrepareRequest,
  train: Input,
  test: Input | null,
  { store, onProgress = () => undefined, onNote = () => undefined }: PreparePorts,
  spool: NewSpool,
): Promise<PreparedContent> {
  refuseFormats(data, train, test, task);
  const sparse = train.isSparse;
  const total = 2 * (train.sizeBytes + (test?.sizeBytes ?? 0));
  let done = 0;
  const progress = (bytes: number) => {
    done = Math.min(total, done + bytes);
    onProgress(done, total);
  };
  const purpose = { task, isPrivate };
  const columnNotes = new ColumnNotes(data, purpose);
  const layout = (sparse ? labelLayout : trainingLayout)(data, purpose, train.name);
  const zeroBased = await countsFromZero(data, isPrivate, train, test);
  const table = await train.table(columnNotes.watching(layout), progress, zeroBased);
  const { columns } = table;
  const random = randomFrom(seed).fork("prepare");
  const watch = (window: Window) => columnNotes.add(window);
  const trainRows = await spoolRows(table, await spool(), random.fork("order/train"), watch);
  tellNotes(table, train.name, onNote);
  let testRows: Spool<Window> | null = null;
  if (test !== null) {
    const testTable = await test.table(sameLayout(columns, test.name), progress, zeroBased);
    testRows = await spoolRows(testTable, await spool(), random.fork("order/test"));
    tellNotes(testTable, test.name, onNote);
  }
  const allRows = trainRows.rows + (testRows?.rows ?? 0);
  const job = {
    options: data,
    columns: columns.filter((column) => column.kind !== "skip"),
    target: columns.find((column) => column.isTarget)!,
    classify: task === "classification",
    isPrivate,
    offsets,
    zeroBased,
    train: trainRows,
    test: testRows,
    random,
    seed,
    onRows: (rows: number) => progress((total / 2) * (rows / allRows)),
  };
  const content = sparse
    ? await prepareSparse(job as PreparationJob<SparseWindow>, store)
    : await (task === "ratings" ? prepareRatings : prepareDense)(
        job as PreparationJob<DenseWindow>,
        store,
      );
  onProgress(total, total);
  const notes = columnNotes.notes();
  return notes.length === 0 ? content : { ...content, notes };
}
