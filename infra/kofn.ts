import { makeGuard } from "./guard.ts";
import { makeOrchestrator } from "./orchestrator.ts";
import { makePredictor } from "./predictor.ts";
import { makePreparer } from "./preparer.ts";
import { type Settings, settingsOf } from "./settings.ts";
import { makeStore } from "./store.ts";
import { makeWorker } from "./worker.ts";

export type { Settings } from "./settings.ts";

/** A value that is known once its resource is there: Pulumi's `Output`, in as much as is used. */
export interface Deferred<T> {
  apply<U>(use: (value: T) => U): Deferred<U>;
}

/** What `kofn --stage` reads, and the kill switch. */
export interface Deployed {
  readonly stage: string;
  readonly bucket: Deferred<string>;
  readonly worker: Deferred<string>;
  readonly workerVersion: Deferred<string>;
  readonly networkWorker: Deferred<string>;
  readonly networkWorkerVersion: Deferred<string>;
  readonly orchestrator: Deferred<string>;
  /** Where the settings name buckets to read data from. */
  readonly preparer?: Deferred<string>;
  readonly dataBuckets?: readonly string[];
  /** Where the settings name a model to answer. */
  readonly predictor?: Deferred<string>;
  readonly predictorUrl?: Deferred<string>;
  readonly concurrency?: number;
  /** Of a program's own, that runs may name. */
  readonly members?: readonly string[];
  readonly dailyUsd: number;
  readonly killSwitch: Deferred<string>;
}

/**
 * Everything that kofn needs in an AWS account. To be called in the `run` of an `sst.config.ts`,
 * whose globals (`sst`, `aws`, `$app`) it uses.
 */
export function deployKofn(given: Partial<Settings> = {}): Deployed {
  const settings = settingsOf(given);
  const store = makeStore(settings);
  const { concurrency, members = [], dataBuckets = [] } = settings;
  const worker = makeWorker(settings, store, {
    name: "Worker",
    bundle: "worker",
    role: "worker",
    concurrency,
  });
  const networkWorker = makeWorker(settings, store, {
    name: "NetworkWorker",
    bundle: "network-worker",
    role: "networkWorker",
  });
  const orchestrator = makeOrchestrator(settings, store, { worker, networkWorker });
  const predictor = makePredictor(settings, store);
  const preparer = makePreparer(settings, store);
  const guarded = [worker, networkWorker, orchestrator, preparer, predictor];
  const killSwitch = makeGuard(
    settings,
    guarded.filter((one) => one !== null),
  );
  const deployment = {
    stage: $app.stage,
    bucket: store.name,
    worker: worker.name,
    workerVersion: worker.nodes.function.version,
    networkWorker: networkWorker.name,
    networkWorkerVersion: networkWorker.nodes.function.version,
    // A durable function is invoked by a qualified name.
    orchestrator: $interpolate`${orchestrator.name}:${orchestrator.nodes.function.version}`,
    ...(preparer === null ? {} : { preparer: preparer.name, dataBuckets }),
    ...(predictor === null ? {} : { predictor: predictor.name, predictorUrl: predictor.url }),
    // What the kill switch took away, so that `kofn restore` knows what to give back.
    ...(concurrency === undefined ? {} : { concurrency }),
    ...(members.length === 0 ? {} : { members }),
    dailyUsd: settings.dailyUsd,
  };
  // The same within `sst shell`, as SST_RESOURCE_Kofn.
  new sst.Linkable(`${settings.prefix}Kofn`, { properties: deployment });
  return { ...deployment, killSwitch: killSwitch.name };
}
