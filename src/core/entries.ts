import { join } from "node:path";
import { pathToFileURL } from "node:url";

/**
 * The module that a thread or a process begins with, beside the one that starts it: `starter` is
 * that one's `import.meta.url`. It is the build's, in one file, which begins sooner than hundreds;
 * for programs that run from sources, in the folder that `KOFN_ENTRIES` names, where there is one.
 * With `isBundled` false it shares its modules with those that a program imports by itself.
 */
export function entryBeside(starter: string, name: string, isBundled = true): URL {
  const { KOFN_ENTRIES: folder } = process.env;
  if (!starter.endsWith(".ts"))
    return new URL(isBundled ? `./${name}.bundled.js` : `./${name}.js`, starter);
  if (!isBundled || folder === undefined) return new URL(`./${name}.ts`, starter);
  return pathToFileURL(join(folder, `${name}.js`));
}
