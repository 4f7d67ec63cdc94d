import { createHash } from "node:crypto";
import { type Context, ROOT_CONTEXT, SpanKind, SpanStatusCode, trace } from "@opentelemetry/api";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-proto";
import { resourceFromAttributes } from "@opentelemetry/resources";
import { BatchSpanProcessor, TracerProvider } from "@opentelemetry/sdk-trace";
import type { ArrivalEvent, RoundEvent, RunEvent } from "../ports/events.ts";
import { closeMsMax, type ReportedRun, type Reporter } from "./reporter.ts";

/** Spans on their way; further ones are dropped where the collector does not keep up. */
const queueMax = 20_000;

interface SpanFacts {
  readonly name: string;
  /** What its id is made of: the same every time that it is told. */
  readonly key: string;
  readonly parent: string | null;
  readonly fromMs: number;
  readonly toMs: number;
  readonly attributes: Readonly<Record<string, string | number | boolean>>;
  readonly failure?: string | undefined;
}

/**
 * A run as a trace: a span for each round within the run's, and one for each task within its
 * round's, with lateness, bytes, dollars and fate. Ids are made of names and of the run's clock, so
 * that a run that is resumed, or told again, is one trace. The endpoint is OpenTelemetry's own
 * setting, `OTEL_EXPORTER_OTLP_ENDPOINT`.
 */
export async function otlpReporter(about: ReportedRun): Promise<Reporter> {
  const { run, startedAt, backend } = about;
  const traceId = idOf(run, 32);
  let nextSpanId = "";
  const exporter = noticing(new OTLPTraceExporter({ timeoutMillis: closeMsMax / 2 }));
  const processor = new BatchSpanProcessor({
    exporter,
    maxQueueSize: queueMax,
    ...sentEvery(process.env.OTEL_BSP_SCHEDULE_DELAY),
    exportTimeoutMillis: closeMsMax / 2,
  });
  const provider = new TracerProvider({
    resource: resourceFromAttributes({ "service.name": "kofn", "kofn.run": run }),
    idGenerator: { generateTraceId: () => traceId, generateSpanId: () => nextSpanId },
    spanProcessors: [processor],
  });
  const tracer = provider.getTracer("kofn");
  const at = (ms: number) => new Date(startedAt.getTime() + ms);
  const within = (key: string | null): Context =>
    key === null
      ? ROOT_CONTEXT
      : trace.setSpanContext(ROOT_CONTEXT, { traceId, spanId: idOf(key, 16), traceFlags: 1 });
  const tell = ({ name, key, parent, fromMs, toMs, attributes, failure }: SpanFacts) => {
    nextSpanId = idOf(key, 16);
    const options = { startTime: at(fromMs), kind: SpanKind.INTERNAL, attributes };
    const span = tracer.startSpan(name, options, within(parent));
    if (failure !== undefined) span.setStatus({ code: SpanStatusCode.ERROR, message: failure });
    span.end(at(toMs));
  };
  const folded = foldSpans(run, backend, tell);
  return {
    take: folded.take,
    async drain() {
      await provider.forceFlush();
      exporter.refuseFailure();
    },
    async close(goesOn = false) {
      if (!goesOn) folded.end();
      await provider.shutdown();
      exporter.refuseFailure();
    },
  };
}

/** Its own setting, in ms, which this part of the SDK leaves to whoever makes it. */
function sentEvery(text = ""): { readonly scheduledDelayMillis?: number } {
  return /^[1-9]\d{0,8}$/.test(text) ? { scheduledDelayMillis: Number(text) } : {};
}

/** An exporter whose failures are told; the SDK keeps them to itself. */
function noticing(inner: OTLPTraceExporter) {
  let failure: Error | null = null;
  return {
    export(...[spans, done]: Parameters<OTLPTraceExporter["export"]>) {
      inner.export(spans, (result) => {
        if (result.error !== undefined) failure = result.error;
        done(result);
      });
    },
    forceFlush: () => inner.forceFlush(),
    shutdown: () => inner.shutdown(),
    refuseFailure() {
      if (failure !== null) throw failure;
    },
  };
}

/** Spans of a run's events: a round's when it has ended, the run's own at the end. */
function foldSpans(run: string, backend: string, tell: (span: SpanFacts) => void) {
  let lastMs = 0;
  let arrivals: ArrivalEvent[] = [];
  let ending: { readonly kind: string; readonly reason: string } | null = null;
  const attributes: Record<string, string | number> = { "kofn.run": run, "kofn.backend": backend };
  const tellTasks = (parent: string) => {
    for (const arrival of arrivals) tell(taskSpan(run, parent, arrival));
    arrivals = [];
  };
  return {
    take(event: RunEvent) {
      if (event.type !== "result") lastMs = Math.max(lastMs, event.atMs);
      if (event.type === "arrival") arrivals.push(event);
      if (event.type === "round") {
        const span = roundSpan(run, event);
        tell(span);
        tellTasks(span.key);
      }
      if (event.type === "stopped") ending = event;
      if (event.type === "result") {
        attributes["kofn.objective"] = event.objective;
        attributes["kofn.dollars"] = event.dollars;
        attributes["kofn.rounds"] = event.rounds;
      }
    },
    end() {
      tellTasks(run);
      const failure = ending?.kind === "unfinished" ? ending.reason : undefined;
      const name = `run ${run}`;
      tell({ name, key: run, parent: null, fromMs: 0, toMs: lastMs, attributes, failure });
    },
  };
}

function roundSpan(run: string, event: RoundEvent): SpanFacts {
  const { round, startedMs, atMs, objectiveEstimate, gradientNorm, stepSize, counted } = event;
  return {
    name: `round ${round}`,
    key: `${run}/round-${round}`,
    parent: run,
    fromMs: startedMs,
    toMs: atMs,
    attributes: {
      "kofn.round": round,
      "kofn.objective": objectiveEstimate,
      "kofn.gradient_norm": gradientNorm,
      "kofn.step_size": stepSize,
      "kofn.counted": counted.length,
    },
  };
}

function taskSpan(run: string, parent: string, arrival: ArrivalEvent): SpanFacts {
  const { task, slot, startedMs, atMs, fate, reason, usage } = arrival;
  return {
    name: task,
    // A task that is asked for again, as after an interruption, is another span.
    key: `${run}/${task}@${startedMs}`,
    parent,
    fromMs: startedMs,
    toMs: atMs,
    attributes: {
      "kofn.slot": slot,
      "kofn.fate": fate,
      "kofn.cold_start": usage.coldStart,
      "kofn.billed_ms": usage.billedMs,
      "kofn.dollars": usage.costUsd,
      "kofn.bytes_up": usage.bytesUp,
      "kofn.bytes_down": usage.bytesDown,
    },
    failure: fate === "lost" ? (reason ?? "no reply") : undefined,
  };
}

/** Digits of a digest: the same every time. */
function idOf(name: string, digits: number): string {
  return createHash("sha256").update(name).digest("hex").slice(0, digits);
}
