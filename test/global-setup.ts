import { buildFunctions } from "../scripts/build-functions.ts";

/** The emulator runs bundles, as Lambda does: tests run those of the sources as they are now. */
export default async function setup(): Promise<void> {
  await buildFunctions("dist/functions-bundled");
}
