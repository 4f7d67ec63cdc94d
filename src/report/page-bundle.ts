import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath, pathToFileURL } from "node:url";
import { assert } from "../core/errors.ts";

/** What a page runs and how it looks. */
export interface PageBundle {
  readonly script: string;
  readonly style: string;
}

/** A page's folder, of whose `main.ts` and `NAME.css` its bundle is made. */
interface PageSource {
  readonly folder: string;
  readonly name: string;
}

const reportPage: PageSource = { folder: "page", name: "page" };
const livePage: PageSource = { folder: "live", name: "live" };
const loaded = new Map<PageSource, PageBundle>();

/** The report's script and style: as built beside this file, else built now from the sources. */
export function pageBundle(): PageBundle {
  return bundleOf(reportPage);
}

/** The same of the live page. */
export function liveBundle(): PageBundle {
  return bundleOf(livePage);
}

function bundleOf(page: PageSource): PageBundle {
  const bundle = loaded.get(page) ?? builtBundle(page) ?? bundlePage(page);
  loaded.set(page, bundle);
  return bundle;
}

/** The names a built bundle has beside `page-bundle.js`. */
function filesOf({ name }: PageSource) {
  return { script: `${name}.bundle.js`, style: `${name}.bundle.css` };
}

/** Beside this file or, of programs that run from sources, where their entries are. */
function builtBundle(page: PageSource): PageBundle | undefined {
  const { KOFN_ENTRIES: entries } = process.env;
  const files = filesOf(page);
  const folders = [
    import.meta.url,
    ...(entries === undefined ? [] : [pathToFileURL(`${entries}/`)]),
  ];
  for (const folder of folders) {
    const script = new URL(files.script, folder);
    const style = new URL(files.style, folder);
    if (existsSync(script) && existsSync(style))
      return { script: readFileSync(script, "utf8"), style: readFileSync(style, "utf8") };
  }
  return undefined;
}

/** Builds the pages' scripts and style sheets into a folder; part of the project's build. */
export function buildPage(outDirectory: string): void {
  for (const page of [reportPage, livePage])
    esbuild().buildSync({ ...options(page, outDirectory), write: true });
}

/** The same without writing anything, for runs from the sources. */
function bundlePage(page: PageSource): PageBundle {
  const built = esbuild().buildSync({ ...options(page, "."), write: false });
  const files = filesOf(page);
  const text = (name: string) => {
    const file = built.outputFiles.find(({ path }) => path.endsWith(name));
    assert(file !== undefined, `the bundle has a ${name}`);
    return file.text;
  };
  return { script: text(files.script), style: text(files.style) };
}

function options({ folder, name }: PageSource, outdir: string) {
  const source = (file: string) => fileURLToPath(new URL(`./${folder}/${file}`, import.meta.url));
  return {
    entryPoints: [
      { in: source("main.ts"), out: `${name}.bundle` },
      { in: source(`${name}.css`), out: `${name}.bundle` },
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
