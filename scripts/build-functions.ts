import { build, type Plugin } from "esbuild";

/**
 * An ES module that imports `node:http` makes Node read all its exports, and one of those loads the
 * whole of fetch: half of a cold start. Asked for this way they stay unread.
 */
const quietHttp: Plugin = {
  name: "quiet-http",
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^(node:)?https?$/ }, ({ path }) => ({
      path: path.replace("node:", ""),
      namespace: "quiet-http",
    }));
    onLoad({ filter: /.*/, namespace: "quiet-http" }, ({ path }) => ({
      contents: `module.exports = process.getBuiltinModule("node:${path}")`,
    }));
  },
};

const banner =
  'import { createRequire as $createRequire } from "node:module";' +
  "const require = $createRequire(import.meta.url);";

/**
 * Bundles the functions the way SST does: ESM with a `require` for what still wants one, for the
 * Node that Lambda runs, with everything inside.
 */
export async function buildFunctions(outDirectory: string): Promise<void> {
  const sources = {
    worker: "functions/worker.ts",
    orchestrator: "functions/orchestrator.ts",
    "kill-switch": "functions/kill-switch.ts",
    // Not deployed: what the emulator starts in every environment, in one file to start sooner.
    runtime: "src/emulator/runtime/main.ts",
  };
  for (const [name, source] of Object.entries(sources)) {
    await build({
      entryPoints: [source],
      outfile: `${outDirectory}/${name}/${name}.mjs`,
      bundle: true,
      minify: true,
      sourcemap: false,
      platform: "node",
      target: "node22",
      format: "esm",
      mainFields: ["module", "main"],
      legalComments: "none",
      banner: { js: banner },
      plugins: [quietHttp],
      logLevel: "warning",
    });
  }
}

if (import.meta.main) await buildFunctions("dist/functions-bundled");
