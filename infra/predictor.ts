import { functions } from "../src/limits.ts";
import { missingWasm } from "./orchestrator.ts";
import type { Settings } from "./settings.ts";

const { memoryMb, timeoutMs, architecture } = functions.predictor;

/**
 * A model that answers: the predictor as a function, with a URL that only signed requests reach.
 * It may read one object, the model that was published under its name; null where none is asked
 * for.
 */
export function makePredictor(settings: Settings, store: sst.aws.Bucket): sst.aws.Function | null {
  const { prefix, bundles, predict } = settings;
  if (predict === undefined) return null;
  return new sst.aws.Function(`${prefix}Predictor`, {
    bundle: `${bundles}/predictor`,
    copyFiles: missingWasm(settings, "predictor"),
    handler: "predictor.handler",
    runtime: functions.runtime,
    architecture,
    memory: `${memoryMb} MB`,
    timeout: `${timeoutMs / 1000} seconds`,
    dev: false,
    url: { authorization: "iam", cors: false },
    logging: { format: "json", retention: "1 month" },
    environment: { KOFN_BUCKET: store.name, KOFN_PREDICT: predict },
    permissions: [
      {
        actions: ["s3:GetObject"],
        resources: [$interpolate`${store.arn}/predictors/${predict}.safetensors`],
      },
    ],
  });
}
