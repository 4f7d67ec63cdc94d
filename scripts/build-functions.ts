import { build } from "esbuild";

/**
 * Bundles the functions the way SST does: ESM with a `require` for what still wants one, for the
 * Node that Lambda runs, with everything inside.
 */
export async function buildFunctions(outDirectory: string): Promise<void> {
  for (const name of ["worker", "orchestrator"]) {
    await build({
      entryPoints: [`functions/${name}.ts`],
      outfile: `${outDirectory}/${name}/${name}.mjs`,
      bundle: true,
      minify: true,
      sourcemap: false,
      platform: "node",
      target: "node22",
      format: "esm",
      mainFields: ["module", "main"],
      legalComments: "none",
      banner: {
        js: 'import { createRequire as $createRequire } from "node:module"; const require = $createRequire(import.meta.url);',
      },
      logLevel: "warning",
    });
  }
}

if (import.meta.main) await buildFunctions("dist/functions-bundled");
