import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { emitDeclarations } from "./emit-declarations.ts";
import { readDeclarations } from "./surface/declarations.ts";
import { surfaceOf, writeSurface } from "./surface/surface.ts";

/*
 * `npm run surface`: lists what the package exports, with types, for the test that compares it.
 * Whoever changes it on purpose commits the list with the change.
 */

const root = dirname(import.meta.dirname);
export const surfacePath = join(root, "test/style/public-surface.txt");

/** Modules by the name that a program imports them by, as package.json has them. */
export function publicEntries(): Record<string, string> {
  const { exports } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
    exports: Record<string, string | { types: string }>;
  };
  const typed = Object.entries(exports).flatMap(([path, target]) =>
    typeof target === "string" ? [] : [[path, target.types] as const],
  );
  return Object.fromEntries(
    typed.map(([path, types]) => [
      `kofn${path.slice(1)}`,
      types.replace(/^\.\/dist\//, "").replace(/\.d\.ts$/, ""),
    ]),
  );
}

/** Declarations of the sources as they are now, by module. */
export function declarationsNow(): Map<string, string> {
  const folder = mkdtempSync(join(tmpdir(), "kofn-surface-"));
  try {
    emitDeclarations(
      Object.values(publicEntries()).map((place) => `${place}.ts`),
      folder,
    );
    return readDeclarations(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

if (import.meta.main)
  writeFileSync(surfacePath, writeSurface(surfaceOf(publicEntries(), declarationsNow())));
