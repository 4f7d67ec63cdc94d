import { cpSync, mkdirSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { build } from "esbuild";
import { emitDeclarations } from "./emit-declarations.ts";

const root = dirname(import.meta.dirname);

/**
 * Writes `kofn/infra` to a folder: one JavaScript module, and declarations of what it exports.
 * SST's globals stay free names in it, given by the app that deploys. Their types are the app's
 * too, so nothing is checked here; a test checks `infra/` against SST's own types.
 */
export async function buildInfra(to: string): Promise<void> {
  mkdirSync(to, { recursive: true });
  await build({
    absWorkingDir: root,
    entryPoints: ["infra/kofn.ts"],
    outfile: join(to, "kofn.js"),
    bundle: true,
    format: "esm",
    platform: "node",
    target: "es2023",
    logLevel: "warning",
  });
  const emitted = join(to, "emitted");
  emitDeclarations(["infra/kofn.ts"], emitted);
  // The others tell of SST's components, and nobody imports them.
  for (const name of ["kofn.d.ts", "settings.d.ts"])
    cpSync(join(emitted, "infra", name), join(to, name));
  rmSync(emitted, { recursive: true });
}
