import type { Plugin } from "esbuild";

/**
 * For functions that compute no networks: what would load TensorFlow.js is left out, so that they
 * stay small. The network worker is asked instead, so nobody comes to miss it.
 */
export const withoutNetworks: Plugin = {
  name: "without-networks",
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /\/tfjs\/[a-z-]+\.ts$/ }, ({ path, kind }) =>
      kind === "dynamic-import" ? { path, namespace: "without-networks" } : null,
    );
    onLoad({ filter: /.*/, namespace: "without-networks" }, () => ({
      contents: `const refuse = () => {
        throw new Error("this function holds nothing that computes networks");
      };
      export { refuse as openEngine, refuse as readModel, refuse as openBackend };`,
    }));
  },
};
