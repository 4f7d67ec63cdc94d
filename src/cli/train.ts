import type { Backend } from "../backends/backend.ts";
import { claimHome, serveAlone } from "../backends/home-claim.ts";
import { openBackend } from "../backends/registry.ts";
import { continueRun, createRun } from "../backends/start-run.ts";
import { RunError } from "../core/errors.ts";
import type { RunEvent } from "../ports/events.ts";
import type { Orchestrated } from "../run/orchestrate.ts";
import type { RunRecord } from "../run/record.ts";
import type { RunSpec } from "../run/spec.ts";
import { interrupts } from "./interrupts.ts";
import { progress } from "./progress.ts";
import { type Terminal, tell } from "./terminal.ts";

export interface TrainRequest {
  readonly run: string;
  readonly spec: RunSpec;
  readonly backend: string;
  readonly json: boolean;
  /** In front of progress lines, where several runs follow each other. */
  readonly label?: string;
}

/** Stages, trains and reports one new run, with progress and interrupts. */
export async function train(request: TrainRequest, terminal: Terminal): Promise<Orchestrated> {
  const claim = await claimHome(terminal.home);
  try {
    return await withBackend(request, terminal, async (backend, watch) => {
      const record = await createRun(request.spec, backend, watch, request.run);
      return continueRun(record, backend, terminal.home, watch);
    });
  } catch (thrown) {
    if (thrown instanceof RunError && thrown.kind !== "unfinished") await claim.abandon();
    throw thrown;
  }
}

/** Goes on with a run that was recorded before. */
export async function trainFurther(
  record: RunRecord,
  json: boolean,
  terminal: Terminal,
): Promise<Orchestrated> {
  const request = { run: record.run, spec: record.spec, backend: record.backend, json };
  return withBackend(request, terminal, (backend, watch) =>
    continueRun(record, backend, terminal.home, watch),
  );
}

interface Watch {
  readonly listen: (event: RunEvent) => void;
  readonly onStage: (what: "reading" | "encoding", done: number, total: number) => void;
  readonly signal: AbortSignal;
}

async function withBackend<T>(
  request: TrainRequest,
  terminal: Terminal,
  use: (backend: Backend, watch: Watch) => Promise<T>,
): Promise<T> {
  const { home } = terminal;
  const { spec, backend: name, run } = request;
  const stop = interrupts(terminal, `saving ${run}`);
  const bar = progress(terminal, spec.stop, request.label);
  try {
    const backend = await serveAlone(home, () => openBackend(name, { home, spec }));
    try {
      return await use(backend, watching(request, terminal, bar, stop.signal));
    } finally {
      await backend.close();
    }
  } finally {
    bar.close();
    stop.close();
  }
}

function watching(
  { json, run }: TrainRequest,
  terminal: Terminal,
  bar: ReturnType<typeof progress>,
  signal: AbortSignal,
): Watch {
  let isFirst = true;
  return {
    signal,
    onStage(what, done, total) {
      if (signal.aborted) {
        throw new RunError("interrupted", "interrupted before training began", {
          hint: "nothing was lost: start it again",
          kind: "interrupted",
        });
      }
      bar.onStage(what, done, total);
    },
    listen(event) {
      bar.listen(event);
      // The result is told last of all, with the way it stopped.
      if (!json || event.type === "result") return;
      tell(terminal, isFirst ? { ...event, run } : event);
      isFirst = false;
    },
  };
}
