import { execFileSync } from "node:child_process";
import { dirname, join } from "node:path";

const root = dirname(import.meta.dirname);

/**
 * Writes the declarations of these files, and of all that they import, below a folder, by their
 * paths in the repository. Nothing is checked: that is what `tsc` is run for.
 */
export function emitDeclarations(files: readonly string[], to: string): void {
  const tsc = join(root, "node_modules/typescript/bin/tsc");
  const emit = ["--ignoreConfig", "--noCheck", "--declaration", "--emitDeclarationOnly"];
  const strictly = ["--strict", "--exactOptionalPropertyTypes", "--types", "node"];
  const language = ["--module", "nodenext", "--target", "es2023", "--allowImportingTsExtensions"];
  const where = ["--rootDir", ".", "--outDir", to];
  execFileSync(
    process.execPath,
    [tsc, ...emit, ...strictly, ...language, ...where, "--resolveJsonModule", ...files],
    { cwd: root, stdio: "inherit" },
  );
}
