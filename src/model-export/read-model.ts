import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { messageOf, RunError } from "../core/errors.ts";
import type { TrainedModel } from "../platform/training/model.ts";
import { problems } from "../problems/registry.ts";
import { modelInSafetensors } from "./safetensors-file.ts";

/** The file that a folder of a model hub keeps its tensors in. */
export const hubModelFile = "model.safetensors";

/** A model from where it was exported to: a file, or a folder of `--format hub`. */
export async function readModelFrom(path: string): Promise<TrainedModel> {
  const isFolder = await stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
  const file = isFolder ? join(path, hubModelFile) : path;
  const bytes = await readFile(file).catch((cause: unknown) => {
    throw new RunError("no-such-file", `${file}: it cannot be read: ${messageOf(cause)}`, {
      hint: "give a file or a folder that kofn export wrote, or the name of a run",
      cause,
    });
  });
  const model = modelInSafetensors(bytes, file);
  await problems.create(model.problem).load?.(async () => model.network);
  return model;
}
