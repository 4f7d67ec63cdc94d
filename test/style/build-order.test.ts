import { join } from "node:path";
import { build } from "esbuild";
import { expect, test } from "vitest";

const root = join(import.meta.dirname, "../..");

/** What a script has loaded before its first line runs, by path in the project. */
async function loadedFirst(script: string): Promise<ReadonlySet<string>> {
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: [script],
    bundle: true,
    write: false,
    metafile: true,
    platform: "node",
    format: "esm",
    packages: "external",
    splitting: true,
    outdir: "out",
  });
  const seen = new Set<string>();
  const visit = (path: string) => {
    if (seen.has(path)) return;
    seen.add(path);
    for (const one of metafile.inputs[path]?.imports ?? [])
      if (one.kind === "import-statement" && one.external !== true) visit(one.path);
  };
  visit(script);
  return seen;
}

test("a build loads nothing that it makes itself: a fresh clone has no kernels", async () => {
  const loaded = await loadedFirst("scripts/build.ts");
  expect(loaded).toContain("scripts/build-kernels.ts");
  expect(loaded).not.toContain("src/math/kernels/binary.ts");
});
