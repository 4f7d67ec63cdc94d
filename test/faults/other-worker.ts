import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build, type Plugin } from "esbuild";
import { quietBuiltins } from "../../scripts/quiet-builtins.ts";
import { withoutNetworks } from "../../scripts/without-networks.ts";

const root = join(import.meta.dirname, "../..");

/** The sources as a later version would have them, which speaks these messages. */
function speaking(version: number, oldest: number): Plugin {
  return {
    name: "another version of the messages",
    setup(bundle) {
      bundle.onLoad({ filter: /\/src\/.*\.ts$/ }, async ({ path }) => {
        const text = await readFile(path, "utf8");
        if (!/^export const protocolVersion = /m.test(text)) return undefined;
        const contents = text
          .replace(/^(export const protocolVersion = )\d+/m, `$1${version}`)
          .replace(/^(export const oldestProtocolVersion = )\d+/m, `$1${oldest}`);
        return { contents, loader: "ts" };
      });
    },
  };
}

/** The worker's bundle of that version, for as long as `use` takes. */
export async function withWorker<T>(
  version: number,
  oldest: number,
  use: (worker: { directory: string }) => Promise<T>,
): Promise<T> {
  const directory = await mkdtemp(join(tmpdir(), "kofn-worker-"));
  try {
    await build({
      entryPoints: { worker: join(root, "functions/worker.ts") },
      outdir: directory,
      outExtension: { ".js": ".mjs" },
      bundle: true,
      splitting: true,
      platform: "node",
      target: "node22",
      format: "esm",
      mainFields: ["module", "main"],
      plugins: [speaking(version, oldest), quietBuiltins, withoutNetworks],
      logLevel: "warning",
    });
    return await use({ directory });
  } finally {
    await rm(directory, { recursive: true });
  }
}
