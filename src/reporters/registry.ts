import { messageOf } from "../core/errors.ts";
import type { RunEvent } from "../ports/events.ts";
import type { ReportedRun, Reporter, ReporterName } from "./reporter.ts";

const openers: { readonly [Name in ReporterName]: (about: ReportedRun) => Promise<Reporter> } = {
  otlp: async (about) => (await import("./otlp.ts")).otlpReporter(about),
  mlflow: async (about) => (await import("./mlflow.ts")).mlflowReporter(about),
  jsonl: async (about) => (await import("./files.ts")).jsonLinesReporter(about),
  csv: async (about) => (await import("./files.ts")).roundsTableReporter(about),
};

/** Peers that npm does not install by itself: most runs are told nowhere. */
const installing =
  "npm install @opentelemetry/api @opentelemetry/sdk-trace @opentelemetry/resources " +
  "@opentelemetry/exporter-trace-otlp-proto";

/**
 * All reporters of a run as one. A reporter that fails is left out from then on, with a note: a run
 * goes on whatever becomes of what is told of it.
 */
export async function openReporters(
  names: readonly ReporterName[],
  about: ReportedRun,
  note: (text: string) => void,
): Promise<Reporter> {
  const open = new Map<ReporterName, Reporter>();
  const failed = (name: ReporterName) => (thrown: unknown) => {
    open.delete(name);
    note(`report: ${name}: ${messageOf(thrown)}`);
  };
  for (const name of new Set(names)) {
    try {
      open.set(name, await openers[name](about));
    } catch (thrown) {
      const isMissing = (thrown as { code?: unknown }).code === "ERR_MODULE_NOT_FOUND";
      failed(name)(isMissing ? new Error(`its packages are not there: ${installing}`) : thrown);
    }
  }
  return {
    take(event: RunEvent) {
      for (const [name, reporter] of open) {
        try {
          reporter.take(event);
        } catch (thrown) {
          failed(name)(thrown);
        }
      }
    },
    async drain() {
      for (const [name, reporter] of open) await reporter.drain?.().catch(failed(name));
    },
    async close(goesOn = false) {
      const all = [...open].map(([name, reporter]) => reporter.close(goesOn).catch(failed(name)));
      await Promise.all(all);
    },
  };
}
