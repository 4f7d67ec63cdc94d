import { join, resolve } from "node:path";
import { stagingFolder } from "../scripts/build.ts";
import { buildEntries } from "../scripts/build-cli.ts";
import { buildFunctions } from "../scripts/build-functions.ts";
import { buildKernels } from "../scripts/build-kernels.ts";
import { replaceFiles } from "../scripts/replace-files.ts";
import { entriesFolder, ownEntries } from "./entries.ts";

/**
 * The emulator runs bundles, as Lambda does: tests run those of the sources as they are now. So do
 * the threads and processes that tests start, of which each would load hundreds of files.
 */
export default async function setup(): Promise<void> {
  await buildKernels();
  const [functions, entries] = [stagingFolder(), stagingFolder()];
  await Promise.all([buildFunctions(functions), buildEntries(entries, ownEntries)]);
  replaceFiles(functions, join(import.meta.dirname, "../dist/functions-bundled"));
  replaceFiles(entries, resolve(entriesFolder));
}
