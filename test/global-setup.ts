import { buildFunctions } from "../scripts/build-functions.ts";
import { buildKernels } from "../scripts/build-kernels.ts";

/** The emulator runs bundles, as Lambda does: tests run those of the sources as they are now. */
export default async function setup(): Promise<void> {
  await buildKernels();
  await buildFunctions("dist/functions-bundled");
}
