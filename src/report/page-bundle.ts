import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { assert } from "../core/errors.ts";

let loaded: PageBundle | undefined;

/** The page's script and style: as built beside this file, else built now from the sources. */
export function pageBundle(): PageBundle {
  loaded ??= builtBundle() ?? bundlePage();
  return loaded;
}

function builtBundle(): PageBundle | undefined {
  const script = new URL(bundleFiles.script, import.meta.url);
  const style = new URL(bundleFiles.style, import.meta.url);
  if (!existsSync(script) || !existsSync(style)) return undefined;
  return { script: readFileSync(script, "utf8"), style: readFileSync(style, "utf8") };
}

/** What the page runs and how it looks. */
export interface PageBundle {
  readonly script: string;
  readonly style: string;
}

/** The names a built bundle has beside `page-bundle.js`. */
export const bundleFiles = { script: "page.bundle.js", style: "page.bundle.css" } as const;

/** Builds the page's script and style sheet into `outDirectory`; part of the project's build. */
export function buildPage(outDirectory: string): void {
  esbuild().buildSync({ ...options(outDirectory), write: true });
}

/** The same without writing anything, for runs from the sources. */
export function bundlePage(): PageBundle {
  const built = esbuild().buildSync({ ...options("."), write: false });
  const text = (name: string) => {
    const file = built.outputFiles.find(({ path }) => path.endsWith(name));
    assert(file !== undefined, `the bundle has a ${name}`);
    return file.text;
  };
  return { script: text(bundleFiles.script), style: text(bundleFiles.style) };
}

function options(outdir: string) {
  const source = (name: string) => fileURLToPath(new URL(`./page/${name}`, import.meta.url));
  return {
    entryPoints: [
      { in: source("main.ts"), out: "page.bundle" },
      { in: source("page.css"), out: "page.bundle" },
    ],
    outdir,
    bundle: true,
    minify: true,
    format: "iife" as const,
    target: "es2022",
    charset: "utf8" as const,
    legalComments: "none" as const,
    logLevel: "silent" as const,
  };
}

/** A tool of development: a published package finds the built files and never comes here. */
function esbuild(): typeof import("esbuild") {
  return createRequire(import.meta.url)("esbuild") as typeof import("esbuild");
}
