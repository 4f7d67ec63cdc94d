import { functions } from "../src/limits.ts";
import { permissionsFor } from "./permissions.ts";
import type { Settings } from "./settings.ts";

const { memoryMb, timeoutMs, architecture } = functions.worker;

/** Which worker: the ordinary one, or that for networks, whose bundle is larger. */
export interface WorkerKind {
  readonly name: string;
  readonly bundle: string;
  /** Reserved for it; where absent it shares what the account leaves unreserved. */
  readonly concurrency?: number | undefined;
  /** Whose permissions it has. */
  readonly role: "worker" | "networkWorker";
}

/**
 * A worker: one function whose environments belong to one slot each, because a slot is a tenant.
 * It reads shards, and reads and writes what slots carry, remember and publish in a run.
 */
export function makeWorker(settings: Settings, store: sst.aws.Bucket, kind: WorkerKind) {
  const { name, bundle, concurrency, role } = kind;
  return new sst.aws.Function(`${settings.prefix}${name}`, {
    bundle: `${settings.bundles}/${bundle}`,
    handler: `${bundle}.handler`,
    runtime: functions.runtime,
    architecture,
    memory: `${memoryMb} MB`,
    timeout: `${timeoutMs / 1000} seconds`,
    streaming: true,
    // A worker that is asked again is asked by the orchestrator, which knows why.
    retries: 0,
    dev: false,
    // A run goes on with the version that it began with, whatever is deployed meanwhile.
    versioning: true,
    logging: { format: "json", retention: "1 month" },
    ...(concurrency === undefined ? {} : { concurrency: { reserved: concurrency } }),
    environment: { KOFN_BUCKET: store.name },
    permissions: permissionsFor(role, store),
    transform: {
      function(args) {
        args.tenancyConfig = { tenantIsolationMode: "PER_TENANT" };
      },
    },
  });
}
