import { chmodSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { build, type Plugin } from "esbuild";
import { quietBuiltins } from "./quiet-builtins.ts";

const root = resolve(import.meta.dirname, "..");
/** Of what a build writes, the folder of the bundles. */
const folder = "bundled";

/** What the command loads. */
const modules = {
  program: "src/cli/program",
  "process-terminal": "src/cli/process-terminal",
};

/** What a command starts: its threads, the process of the emulator. */
const entries = {
  "thread-worker": "src/platform/local/thread-worker",
  "parts-thread": "src/platform/local/parts-thread",
  "text-thread": "src/data/formats/text-thread",
  "parquet-thread": "src/data/formats/parquet-thread",
  "emulator-child": "src/emulator/emulator-child",
  "emulator-host": "src/emulator/emulator-host",
  "snapshot-taker": "src/emulator/lambda/snapshot-taker",
};

/**
 * Bundles the command line and what it starts, so that a start reads a few files in place of
 * hundreds. A module that hands on its bundle stands in the place of each that the command loads,
 * and beside each that it starts, for `entryBeside`. Code that a command loads when it needs it is
 * in files of its own.
 */
export async function buildCli(to: string): Promise<void> {
  const compiled = (path: string) => relative(root, path).replace(/\.ts$/, ".js");
  await bundle({ ...modules, ...entries }, join(to, folder), (path) => {
    const place = JSON.stringify(relative(folder, compiled(path)));
    return `new URL(${place}, import.meta.url).href`;
  });
  const bundleOf = (name: string, path: string) =>
    JSON.stringify(relative(dirname(path), `${folder}/${name}.js`));
  for (const [name, path] of Object.entries(modules))
    writeFileSync(join(to, `${path}.js`), `export * from ${bundleOf(name, path)};\n`);
  for (const [name, path] of Object.entries(entries)) {
    const cache = JSON.stringify(relative(dirname(path), "src/core/compile-cache.js"));
    const lines = [
      `import { reuseCompiledCode } from ${cache};`,
      "reuseCompiledCode();",
      `await import(${bundleOf(name, path)});`,
    ];
    writeFileSync(join(to, `${path}.bundled.js`), `${lines.join("\n")}\n`);
  }
  chmodSync(join(to, "src/cli/main.js"), 0o755);
}

/**
 * Bundles what programs that run from sources start, and besides them `more`, by their paths: each
 * finds its files where the sources are. For `KOFN_ENTRIES`.
 */
export async function buildEntries(
  to: string,
  more: Readonly<Record<string, string>>,
): Promise<void> {
  await bundle({ ...entries, ...more }, to, (path) => JSON.stringify(pathToFileURL(path).href));
}

async function bundle(
  paths: Readonly<Record<string, string>>,
  outdir: string,
  placeOf: (path: string) => string,
): Promise<void> {
  rmSync(outdir, { recursive: true, force: true });
  await build({
    absWorkingDir: root,
    entryPoints: Object.fromEntries(
      Object.entries(paths).map(([name, path]) => [name, `${path}.ts`]),
    ),
    outdir,
    chunkNames: "[name]-[hash]",
    splitting: true,
    bundle: true,
    minifySyntax: true,
    minifyWhitespace: true,
    platform: "node",
    target: "node22",
    format: "esm",
    mainFields: ["module", "main"],
    legalComments: "none",
    banner: {
      js:
        'import { createRequire as $createRequire } from "node:module";' +
        "const require = $createRequire(import.meta.url);",
    },
    // Networks share the TensorFlow.js that a user's own modules import; the page needs esbuild
    // in development alone.
    external: ["@opentelemetry/*", "@tensorflow/*", "esbuild", "node-fetch"],
    plugins: [ownPlaces(placeOf), quietBuiltins],
    logLevel: "warning",
  });
}

/** Modules find files relative to themselves: in a bundle they still stand where they stood. */
const ownPlaces = (placeOf: (path: string) => string): Plugin => ({
  name: "own-places",
  setup({ onLoad }) {
    onLoad({ filter: /\/(src|test)\/.*\.ts$/ }, ({ path }) => {
      const text = readFileSync(path, "utf8");
      if (!text.includes("import.meta.url") || path.includes("/node_modules/")) return null;
      return { contents: text.replaceAll("import.meta.url", placeOf(path)), loader: "ts" };
    });
  },
});
