import { functions } from "../src/limits.ts";
import { missingWasm } from "./orchestrator.ts";
import { permissionsFor } from "./permissions.ts";
import type { Settings } from "./settings.ts";

const { memoryMb, timeoutMs, architecture, diskGb } = functions.preparer;

/**
 * What reads data in S3 by itself, prepares and encodes them, so that no row passes through the
 * machine that starts a run; null where no bucket is named. It may read these buckets, or folders
 * of them, and write what a run begins with.
 */
export function makePreparer(settings: Settings, store: sst.aws.Bucket): sst.aws.Function | null {
  const { prefix, bundles, dataBuckets = [] } = settings;
  if (dataBuckets.length === 0) return null;
  return new sst.aws.Function(`${prefix}Preparer`, {
    bundle: `${bundles}/preparer`,
    copyFiles: missingWasm(settings, "preparer"),
    handler: "preparer.handler",
    runtime: functions.runtime,
    architecture,
    memory: `${memoryMb} MB`,
    storage: `${diskGb} GB`,
    timeout: `${timeoutMs / 1000} seconds`,
    // Whoever starts the run is told what failed, and asks again.
    retries: 0,
    dev: false,
    logging: { format: "json", retention: "1 month" },
    environment: { KOFN_BUCKET: store.name },
    permissions: [...permissionsFor("preparer", store), ...dataBuckets.flatMap(mayRead)],
  });
}

/** Leave to read what is in a bucket, or in a folder of it, and to be told what is there. */
function mayRead(place: string) {
  const [bucket = "", ...folders] = place.split("/");
  const below = folders.map((folder) => `${folder}/`).join("");
  return [
    { actions: ["s3:GetObject"], resources: [`arn:aws:s3:::${bucket}/${below}*`] },
    {
      actions: ["s3:ListBucket"],
      resources: [`arn:aws:s3:::${bucket}`],
      conditions: [{ test: "StringLike", variable: "s3:prefix", values: [`${below}*`] }],
    },
  ];
}
