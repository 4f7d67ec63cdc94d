import { lambda } from "../src/limits.ts";
import { makeGuard } from "./guard.ts";
import { makeOrchestrator } from "./orchestrator.ts";
import { makeStore } from "./store.ts";
import { makeWorker } from "./worker.ts";

/** What an app decides; everything else comes from src/limits.ts. */
export interface Settings {
  /** In front of every resource's name, for an app that has others. */
  readonly prefix: string;
  /** The folder of the built functions, from the folder of sst.config.ts. */
  readonly bundles: string;
  /** Reserved for the worker; new accounts have less than the usual quota. */
  readonly concurrency: number;
  /** Dollars a month at which everything is stopped. */
  readonly monthlyUsd: number;
  /** Told when four fifths of that are forecast. */
  readonly alarmEmail?: string | undefined;
}

const usual: Settings = {
  prefix: "",
  bundles: "dist/functions-bundled",
  // The most that an account's usual quota lets one function reserve.
  concurrency: lambda.concurrencyDefault - lambda.unreservedMin,
  monthlyUsd: 50,
};

/** Everything that kofn needs in an AWS account; returns what `kofn --stage` reads. */
export function deployKofn(given: Partial<Settings> = {}) {
  const settings = { ...usual, ...given };
  const store = makeStore(settings);
  const { concurrency } = settings;
  const worker = makeWorker(settings, store, { name: "Worker", bundle: "worker", concurrency });
  const networkWorker = makeWorker(settings, store, {
    name: "NetworkWorker",
    bundle: "network-worker",
    reads: ["networks/*"],
  });
  const orchestrator = makeOrchestrator(settings, store, { worker, networkWorker });
  const killSwitch = makeGuard(settings, [worker, networkWorker, orchestrator]);
  const deployment = {
    stage: $app.stage,
    bucket: store.name,
    worker: worker.name,
    networkWorker: networkWorker.name,
    // A durable function is invoked by a qualified name.
    orchestrator: $interpolate`${orchestrator.name}:${orchestrator.nodes.function.version}`,
  };
  // The same within `sst shell`, as SST_RESOURCE_Kofn.
  new sst.Linkable(`${settings.prefix}Kofn`, { properties: deployment });
  return { ...deployment, killSwitch: killSwitch.name };
}
