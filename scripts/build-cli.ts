import { chmodSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
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
  "emulator-child": "src/emulator/emulator-child",
};

/**
 * Bundles the command line and what it starts, so that a start reads a few files in place of
 * hundreds, and puts a module in the place of each that hands on its bundle. Code that a command
 * loads when it needs it is in files of its own.
 */
export async function buildCli(to: string): Promise<void> {
  const out = join(to, folder);
  rmSync(out, { recursive: true, force: true });
  await build({
    absWorkingDir: root,
    entryPoints: Object.fromEntries(
      Object.entries({ ...modules, ...entries }).map(([name, path]) => [name, `${path}.ts`]),
    ),
    outdir: out,
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
    external: ["@tensorflow/*", "esbuild", "node-fetch"],
    plugins: [ownPlaces, quietBuiltins],
    logLevel: "warning",
  });
  const write = (name: string, path: string, lines: (bundle: string) => string[]) => {
    const bundle = JSON.stringify(relative(dirname(path), `${folder}/${name}.js`));
    writeFileSync(join(to, `${path}.js`), `${lines(bundle).join("\n")}\n`);
  };
  for (const [name, path] of Object.entries(modules))
    write(name, path, (bundle) => [`export * from ${bundle};`]);
  for (const [name, path] of Object.entries(entries)) {
    const cache = JSON.stringify(relative(dirname(path), "src/core/compile-cache.js"));
    write(name, path, (bundle) => [
      `import { reuseCompiledCode } from ${cache};`,
      "reuseCompiledCode();",
      `await import(${bundle});`,
    ]);
  }
  chmodSync(join(to, "src/cli/main.js"), 0o755);
}

/** Modules find files relative to themselves: in a bundle they still stand where `tsc` put them. */
const ownPlaces: Plugin = {
  name: "own-places",
  setup({ onLoad }) {
    onLoad({ filter: /\/src\/.*\.ts$/ }, ({ path }) => {
      const text = readFileSync(path, "utf8");
      if (!text.includes("import.meta.url")) return null;
      const compiled = relative(root, path).replace(/\.ts$/, ".js");
      const place = JSON.stringify(relative(folder, compiled));
      const contents = text.replaceAll(
        "import.meta.url",
        `new URL(${place}, import.meta.url).href`,
      );
      return { contents, loader: "ts" };
    });
  },
};
