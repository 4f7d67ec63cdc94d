import { isBuiltin } from "node:module";
import type { Plugin } from "esbuild";

/**
 * Node's own modules, asked for without `import`: an ES module that imports one makes Node read all
 * its exports, and among those are whole parts of Node that nobody here uses (fetch, worker
 * threads, the prompt's history). The large ones load once something of them is used.
 */
export const quietBuiltins: Plugin = {
  name: "quiet-builtins",
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^[a-z:_/0-9]+$/ }, ({ path, kind }) => {
      if (!isBuiltin(path)) return null;
      const name = path.replace("node:", "");
      const isLate = kind === "dynamic-import";
      return { path: name, namespace: isLate ? "late-builtins" : "quiet-builtins" };
    });
    onLoad({ filter: /.*/, namespace: "quiet-builtins" }, ({ path }) => ({
      contents: large.has(path) ? onceUsed(path) : `module.exports = ${builtin(path)};`,
    }));
    onLoad({ filter: /.*/, namespace: "late-builtins" }, ({ path }) => ({
      contents: withoutGetters(path),
    }));
  },
};

const large = new Set([
  "child_process",
  "crypto",
  "fs/promises",
  "http",
  "http2",
  "https",
  "net",
  "tls",
  "v8",
  "vm",
  "worker_threads",
  "zlib",
]);

const builtin = (path: string) => `process.getBuiltinModule("node:${path}")`;

/** CommonJS whose exports are looked up one by one when they are asked for. */
function onceUsed(path: string): string {
  const names = Object.keys(process.getBuiltinModule(path) ?? {});
  const get = `get: () => ${builtin(path)}[name]`;
  return `for (const name of ${JSON.stringify(names)})
    Object.defineProperty(exports, name, { enumerable: true, ${get} });`;
}

/** An ES module with the names of its exports, but for those that Node loads when they are read. */
function withoutGetters(path: string): string {
  const all = Object.getOwnPropertyDescriptors(process.getBuiltinModule(path) ?? {});
  const names = Object.keys(all).filter((name) => "value" in all[name]! && name !== "default");
  return `const all = ${builtin(path)};
    export default all;
    export const { ${names.join(", ")} } = all;`;
}
