import { enableCompileCache } from "node:module";
import { homedir } from "node:os";
import { join, resolve } from "node:path";

/** Where Node keeps what it compiled: a folder of the user's own, which every home shares. */
export function compileCachePath(): string {
  const { NODE_COMPILE_CACHE, XDG_CACHE_HOME } = process.env;
  const caches = XDG_CACHE_HOME ?? join(homedir(), ".cache");
  return resolve(NODE_COMPILE_CACHE ?? join(caches, "kofn", "compiled"));
}

/** From here on modules are taken as they were compiled before; where that fails, as they are. */
export function reuseCompiledCode(): void {
  enableCompileCache(compileCachePath());
}
