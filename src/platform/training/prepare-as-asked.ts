import * as z from "zod";
import { messageOf, RunError } from "../../core/errors.ts";
import { checkRunName } from "../../journal/run-record.ts";
import type { Store } from "../../ports/store.ts";
import type { RunSpec } from "../../spec/run-spec.ts";
import {
  beginPreparation,
  noteCharacters,
  notesMax,
  type Preparation,
  readPreparation,
  writePreparation,
} from "../cloud/preparation.ts";
import { createRun } from "./create-run.ts";
import { planWith, resolveAuto } from "./forecast-run.ts";

const requestShape = z.object({
  request: z.string().min(1).max(64),
  run: z.string(),
  /** As the starting process checked and resolved it. */
  spec: z.looseObject({}),
  backend: z.string().regex(/^aws:./),
  functions: z.object({ orchestrator: z.string(), worker: z.string() }).optional(),
});

const toldEveryMs = 2_000;
/** Before Lambda ends the invocation, there is still time to say so. */
const lastWordMs = 10_000;

/**
 * Creates a run as `prepareInStage` asks for it: reads, prepares and encodes the data of its spec,
 * plans what that leaves open, and writes the run's record. Tells in the store how far it is, and
 * what is wrong. An event that comes twice prepares once.
 */
export async function prepareAsAsked(
  store: Store,
  event: unknown,
  remainingMs: () => number,
): Promise<void> {
  const { request, run, spec, backend, functions } = requestShape.parse(event);
  checkRunName(run);
  const begun: Preparation = { request, told: 0, phase: null, notes: [], end: null };
  if (!(await beginPreparation(store, run, begun))) return;
  const teller = telling(store, run, begun);
  const late = setTimeout(
    () => void teller.end(failureOf(outOfTime())),
    Math.max(0, remainingMs() - lastWordMs),
  );
  const { onPhase, onNote } = teller;
  try {
    const chosen = await resolveAuto(spec as unknown as RunSpec, (open) =>
      planWith({ spec: open, backend, onPhase }, store),
    );
    await createRun(chosen, { name: backend, store, functions }, { onPhase, onNote }, run);
    await teller.end("done");
  } catch (thrown) {
    await teller.end(failureOf(thrown));
    // What a person can mend is told; anything else belongs in the function's log as well.
    if (!(thrown instanceof RunError)) throw thrown;
  } finally {
    clearTimeout(late);
    teller.close();
  }
}

/** Says every two seconds how far it is, in one object. */
function telling(store: Store, run: string, begun: Preparation) {
  let state = begun;
  let writing: Promise<void> = Promise.resolve();
  const write = () => {
    state = { ...state, told: state.told + 1 };
    const told = state;
    // In order, and a word that is lost is followed by another one.
    writing = writing.then(() => writePreparation(store, run, told).catch(() => undefined));
    return writing;
  };
  const timer = setInterval(() => void write(), toldEveryMs);
  return {
    onPhase(what: NonNullable<Preparation["phase"]>["what"], done: number, total: number) {
      state = { ...state, phase: { what, done, total } };
    },
    onNote(text: string) {
      if (state.notes.length === notesMax) return;
      state = { ...state, notes: [...state.notes, text.slice(0, noteCharacters)] };
    },
    async end(end: NonNullable<Preparation["end"]>) {
      clearInterval(timer);
      if (state.end !== null) return;
      state = { ...state, end };
      await writing;
      const other = end === "done" ? null : await readPreparation(store, run).catch(() => null);
      // Another start under this name was first, and waits for its own word.
      if (other?.end === "done") return;
      await writePreparation(store, run, { ...state, told: state.told + 1 });
    },
    close: () => clearInterval(timer),
  };
}

function failureOf(thrown: unknown): Exclude<Preparation["end"], "done" | null> {
  if (!(thrown instanceof RunError))
    return { code: "preparer-failed", message: `the preparer failed: ${messageOf(thrown)}` };
  const { code, message, hint } = thrown;
  return { code, message, ...(hint === undefined ? {} : { hint }) };
}

function outOfTime(): RunError {
  return new RunError(
    "preparer-failed",
    "the data take longer to prepare than a function may run (15 minutes)",
    {
      hint:
        "take fewer rows, or deploy without KOFN_DATA_BUCKETS: then the machine that starts the " +
        "run prepares them, however long it takes",
    },
  );
}
