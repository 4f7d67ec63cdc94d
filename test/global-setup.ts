import { join, resolve } from "node:path";
import { forgetBuild, isBuilt, stagingFolder } from "../scripts/build.ts";
import { buildEntries } from "../scripts/build-cli.ts";
import { buildFunctions } from "../scripts/build-functions.ts";
import { buildKernels } from "../scripts/build-kernels.ts";
import { replaceFiles } from "../scripts/replace-files.ts";
import { buildPage } from "../src/report/page-bundle.ts";
import { entriesFolder, ownEntries } from "./entries.ts";

/**
 * The emulator runs bundles, as Lambda does: tests run those of the sources as they are now, made
 * here unless a build of these very sources has left them. Threads and processes that tests start
 * are bundled, too: each of them would load hundreds of files. And so is the page of a report,
 * which each of them would bundle.
 */
export default async function setup(): Promise<void> {
  await buildKernels();
  await Promise.all([isBuilt() ? undefined : newFunctions(), newEntries()]);
}

async function newFunctions(): Promise<void> {
  const staging = stagingFolder();
  await buildFunctions(staging);
  forgetBuild();
  replaceFiles(staging, join(import.meta.dirname, "../dist/functions-bundled"));
}

async function newEntries(): Promise<void> {
  const staging = stagingFolder();
  await buildEntries(staging, ownEntries);
  buildPage(staging);
  replaceFiles(staging, resolve(entriesFolder));
}
