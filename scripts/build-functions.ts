import { copyFileSync, readdirSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { basename, dirname, join, resolve } from "node:path";
import { build } from "esbuild";
import { joinEager } from "./join-eager.ts";
import { quietBuiltins } from "./quiet-builtins.ts";
import { withoutNetworks } from "./without-networks.ts";

const banner =
  'import { createRequire as $createRequire } from "node:module";' +
  "const require = $createRequire(import.meta.url);";

const folderName = "const __dirname = import.meta.dirname;";

/** Not deployed: the worker with the runtime, for the emulator's startup snapshot. */
const snapshot = "src/platform/local/worker-snapshot.ts";

const sources = {
  worker: "functions/worker.ts",
  "network-worker": "functions/network-worker.ts",
  orchestrator: "functions/orchestrator.ts",
  preparer: "functions/preparer.ts",
  predictor: "functions/predictor.ts",
  "kill-switch": "functions/kill-switch.ts",
  // Not deployed: what the emulator starts in every environment, in one file to start sooner.
  runtime: "src/emulator/runtime/main.ts",
  "worker-snapshot": snapshot,
};

/** Those that compute networks; the orchestrator evaluates them. */
const withNetworks = ["network-worker", "orchestrator", "preparer", "predictor"];

/** They start sooner without the `require` that other bundles still want. */
const withoutRequire = ["worker", "worker-snapshot"];

/** Compiled code that TensorFlow.js reads from the folder it lies in. */
const wasmFiles = ["tfjs-backend-wasm.wasm", "tfjs-backend-wasm-simd.wasm"];

/**
 * Bundles the functions the way SST does: ESM for the Node that Lambda runs, with everything
 * inside. What a function imports only when it comes to need it is a file of its own beside it.
 */
export async function buildFunctions(outDirectory: string): Promise<void> {
  for (const [name, source] of Object.entries(sources)) {
    const folder = `${outDirectory}/${name}`;
    const hasNetworks = withNetworks.includes(name);
    const { metafile } = await build({
      entryPoints: { [name]: source },
      outdir: folder,
      outExtension: { ".js": ".mjs" },
      chunkNames: "[name]-[hash]",
      splitting: true,
      bundle: true,
      minify: true,
      sourcemap: false,
      platform: "node",
      target: "node22",
      format: "esm",
      mainFields: ["module", "main"],
      legalComments: "none",
      banner: withoutRequire.includes(name)
        ? {}
        : { js: hasNetworks ? banner + folderName : banner },
      // Asked for only where something is fetched, which nothing does.
      external: ["node-fetch"],
      metafile: true,
      plugins: hasNetworks ? [quietBuiltins] : [quietBuiltins, withoutNetworks],
      logLevel: "warning",
    });
    if (hasNetworks) copyWasm(folder);
    removeStale(folder, Object.keys(metafile.outputs));
    await joinEager(folder, `${name}.mjs`);
    if (source === snapshot) await joinAll(folder, name);
  }
}

/** Node takes snapshots of one script, which can import no file; its later parts wait inside. */
async function joinAll(folder: string, name: string): Promise<void> {
  // It runs kernels, which the build has made by now.
  const { workerRehearsal } = await import("./worker-rehearsal.ts");
  await build({
    entryPoints: { [name]: `${folder}/${name}.mjs` },
    outdir: folder,
    bundle: true,
    minify: true,
    platform: "node",
    target: "node22",
    format: "iife",
    legalComments: "none",
    define: { rehearsal: JSON.stringify(await workerRehearsal()) },
    logLevel: "warning",
  });
  for (const file of readdirSync(folder)) if (file.endsWith(".mjs")) rmSync(resolve(folder, file));
}

function copyWasm(folder: string): void {
  const require = createRequire(import.meta.url);
  const main = require.resolve("@tensorflow/tfjs-backend-wasm");
  for (const file of wasmFiles) copyFileSync(join(dirname(main), file), join(folder, file));
}

/** Parts of an earlier build have other names, and would be deployed as well. */
function removeStale(folder: string, written: readonly string[]): void {
  const kept = new Set(written.map((path) => basename(path)));
  for (const name of readdirSync(folder))
    if (name.endsWith(".mjs") && !kept.has(name)) rmSync(resolve(folder, name));
}

if (import.meta.main) await buildFunctions("dist/functions-bundled");
