import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { RunError } from "../../core/errors.ts";

/** The one bucket of a home. */
export const bucket = "kofn";

/** Where local runs live, unless KOFN_HOME says otherwise. */
export function homePath(): string {
  return process.env.KOFN_HOME ?? ".kofn";
}

const names = ["worker", "network-worker", "orchestrator", "preparer", "predictor"] as const;

export type BundleName = (typeof names)[number];

/** Running from sources, or from what the build made of them. */
const fromSources = import.meta.url.endsWith(".ts");

/** The script that loads a function's bundle for a startup snapshot. */
export async function snapshotScript(name: "worker"): Promise<string> {
  return join(dirname(await bundleFolder(name)), `${name}-snapshot`, `${name}-snapshot.js`);
}

/** The folder of a function's deployed bundle. Throws where it was not built. */
export async function bundleFolder(name: BundleName): Promise<string> {
  const root = fileURLToPath(new URL(fromSources ? "../../../dist" : "../../..", import.meta.url));
  const folder = `${process.env.KOFN_BUNDLES ?? `${root}/functions-bundled`}/${name}`;
  if (!existsSync(`${folder}/${name}.mjs`)) {
    throw new RunError("no-bundle", `${folder}: there is no bundle of the ${name} function`, {
      hint: "build it: npm run build",
    });
  }
  return folder;
}
