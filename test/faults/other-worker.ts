import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { type BuildResult, build, type Plugin } from "esbuild";
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

const bundles = new Map<string, Promise<BuildResult<{ write: false }>>>();

/** Built once for all tests that ask for it. */
function bundle(version: number, oldest: number): Promise<BuildResult<{ write: false }>> {
  const name = `${version} ${oldest}`;
  const made =
    bundles.get(name) ??
    build({
      entryPoints: { worker: join(root, "functions/worker.ts") },
      outdir: root,
      write: false,
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
  bundles.set(name, made);
  return made;
}

/** The worker's bundle of that version, for as long as `use` takes. */
export async function withWorker<T>(
  version: number,
  oldest: number,
  use: (worker: { directory: string }) => Promise<T>,
): Promise<T> {
  const directory = await mkdtemp(join(tmpdir(), "kofn-worker-"));
  try {
    const { outputFiles } = await bundle(version, oldest);
    for (const { path, contents } of outputFiles)
      await writeFile(join(directory, basename(path)), contents);
    return await use({ directory });
  } finally {
    await rm(directory, { recursive: true });
  }
}
