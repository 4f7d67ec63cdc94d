import { mkdir, symlink } from "node:fs/promises";
import { join, resolve } from "node:path";
import { build } from "esbuild";
import { expect, test, vi } from "vitest";
import { startInStage } from "../../src/index.ts";
import type { EmulatedBackend } from "../../src/platform/local/emulated.ts";
import { openComputeBackend } from "../../src/platform/local/registry.ts";
import { readJson } from "../../src/run/finish.ts";
import { resolveSpec } from "../../src/run/resolve-spec.ts";
import { resultKey } from "../../src/store-layout.ts";
import { eventually } from "../eventually.ts";
import { remove } from "../library/own-members.ts";
import { runOn, smallRidge, temporaryHome } from "./workplace.ts";

const root = join(import.meta.dirname, "../..");

/** Functions as docs/deploy.md bundles them, of a module that registers members. */
async function ownFunctions(folder: string): Promise<void> {
  for (const name of ["worker", "orchestrator"])
    await build({
      stdin: {
        contents: `import "./test/library/own-members.ts"; export * from "./functions/${name}.ts";`,
        resolveDir: root,
        sourcefile: `${name}.ts`,
      },
      outdir: join(folder, name),
      entryNames: name,
      outExtension: { ".js": ".mjs" },
      bundle: true,
      splitting: true,
      platform: "node",
      format: "esm",
      target: "node22",
      mainFields: ["module", "main"],
      external: ["node-fetch"],
      banner: {
        js:
          'import { createRequire as $createRequire } from "node:module"; ' +
          "const require = $createRequire(import.meta.url); const __dirname = import.meta.dirname;",
      },
      logLevel: "warning",
    });
  const networks = resolve(root, "dist/functions-bundled/network-worker");
  await symlink(networks, join(folder, "network-worker"));
}

test("a stage whose functions register members trains with them, and says which", async () => {
  await using place = await temporaryHome();
  const { weather, ...given } = {
    ...smallRidge,
    problem: "own-ridge",
    encoding: "own-copies",
    workers: 2,
    wait: "all",
    stop: { rounds: 4, tolerance: 0 },
  };
  const direct = await runOn("simulated", join(place.path, "home"), { ...given, weather });
  const functions = join(place.path, "functions");
  await mkdir(functions);
  await ownFunctions(functions);
  vi.stubEnv("KOFN_BUNDLES", functions);
  const spec = resolveSpec({ ...given, weather });
  const home = join(place.path, "cloud");
  const { emulator, store, close } = (await openComputeBackend("emulated", {
    home,
    spec,
  })) as EmulatedBackend;
  try {
    for (const [name, value] of Object.entries(emulator().environment)) vi.stubEnv(name, value);
    const stage = (members: readonly string[]) => {
      const deployment = { bucket: "kofn", worker: "worker", orchestrator: "orchestrator" };
      vi.stubEnv("SST_RESOURCE_Kofn", JSON.stringify({ stage: "dev", ...deployment, members }));
      return startInStage(given as never, { stage: "dev", home: join(place.path, "home") });
    };
    await expect(stage(["own-ridge"])).rejects.toThrow(
      /^encoding own-copies: stage dev does not know it/,
    );
    const run = await stage(["own-ridge", "own-copies"]);
    await eventually(async () => (await store.read(resultKey(run))) !== null, "it has ended");
    expect(await readJson(store, resultKey(run))).toMatchObject({
      weightsDigest: direct.result.weightsDigest,
    });
  } finally {
    await close();
    remove();
  }
});
