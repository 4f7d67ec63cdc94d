import { RunError } from "../core/errors.ts";
import { predictorNames } from "../limits.ts";
import { readTrainedModel } from "../platform/training/model.ts";
import { type HomeOptions, withTrainedRun } from "../platform/training/open-run.ts";
import { predictorKey } from "../store-layout.ts";
import { safetensorsOf } from "./safetensors-file.ts";

/**
 * Puts a run's model into the store, where the predictor function of that name reads it. Returns
 * the object's key; a model that was published before under the name is replaced.
 */
export async function publishModel(at: HomeOptions, run: string, name: string): Promise<string> {
  if (!predictorNames.test(name))
    throw new RunError("bad-option", `--publish: ${name}: it is part of a key and a permission`, {
      hint: "use up to 63 small letters, digits and hyphens between them",
    });
  return withTrainedRun(at, run, async ({ store }, record) => {
    const key = predictorKey(name);
    await store.write(key, safetensorsOf(await readTrainedModel(store, record.run)));
    return key;
  });
}
