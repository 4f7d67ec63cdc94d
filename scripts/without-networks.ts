import { readFileSync } from "node:fs";
import { basename, join } from "node:path";
import type { Plugin } from "esbuild";

const refusal = "this function holds nothing that computes networks";

/**
 * For functions that compute no networks: what would load TensorFlow.js, the problems that are
 * networks and the tasks of a pipeline's stages are left out, so that they stay small and start
 * soon. The network worker is asked instead, so nobody comes to miss them.
 */
export const withoutNetworks: Plugin = {
  name: "without-networks",
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /\/tfjs\/(transformer\/)?[a-z-]+\.ts$/ }, ({ path, kind }) =>
      kind === "dynamic-import" ? { path, namespace: "without-networks" } : null,
    );
    onLoad({ filter: /.*/, namespace: "without-networks" }, () => ({
      contents: `const refuse = () => { throw new Error(${JSON.stringify(refusal)}); };
      export { refuse as openEngine, refuse as readModel, refuse as openBackend };`,
    }));
    onResolve(
      { filter: /^\.\/(stages|network|translation)\/[a-z-]+\.ts$/ },
      ({ path, importer, resolveDir }) =>
        basename(importer) === "registry.ts"
          ? { path: join(resolveDir, path), namespace: "refusing-members" }
          : null,
    );
    onLoad({ filter: /.*/, namespace: "refusing-members" }, ({ path }) => ({
      contents: refusingMembers(readFileSync(path, "utf8")),
    }));
  },
};

/** The module's members by their names, with nothing behind them; tasks fail at their loading. */
function refusingMembers(source: string): string {
  const names = [...source.matchAll(/^export const (\w+)/gm)].map(([, name]) => name!);
  return `const refuse = () => { throw new Error(${JSON.stringify(refusal)}); };
    const member = (name) => ({ name, summary: "", options: {}, examples: [{}],
      create: refuse, opensProblem: true, load: refuse });
    ${names.map((name) => `export const ${name} = member(${JSON.stringify(name)});`).join("\n")}`;
}
