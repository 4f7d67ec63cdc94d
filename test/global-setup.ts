import { join } from "node:path";
import { stagingFolder } from "../scripts/build.ts";
import { buildFunctions } from "../scripts/build-functions.ts";
import { buildKernels } from "../scripts/build-kernels.ts";
import { replaceFiles } from "../scripts/replace-files.ts";

/** The emulator runs bundles, as Lambda does: tests run those of the sources as they are now. */
export default async function setup(): Promise<void> {
  await buildKernels();
  const staging = stagingFolder();
  await buildFunctions(staging);
  replaceFiles(staging, join(import.meta.dirname, "../dist/functions-bundled"));
}
