import { existsSync, readFileSync } from "node:fs";
import { bundleFiles, bundlePage, type PageBundle } from "./build-page.ts";

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
