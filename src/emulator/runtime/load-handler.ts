import { existsSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { installAwslambda } from "./awslambda.ts";

/** Imports `file.export` from a bundle's folder. Throws errors named as Lambda names them. */
export async function loadHandler(root: string, handler: string): Promise<never> {
  installAwslambda();
  const dot = handler.lastIndexOf(".");
  const stem = join(root, handler.slice(0, dot));
  const path = [".mjs", ".js", ".cjs"].map((end) => stem + end).find((file) => existsSync(file));
  if (path === undefined)
    throw named(
      "Runtime.ImportModuleError",
      `Error: Cannot find module '${handler.slice(0, dot)}'`,
    );
  const module = (await import(pathToFileURL(path).href)) as Record<string, unknown>;
  const name = handler.slice(dot + 1);
  const found = module[name] ?? (module.default as Record<string, unknown> | undefined)?.[name];
  if (typeof found !== "function")
    throw named("Runtime.HandlerNotFound", `${handler} is undefined or not exported`);
  return found as never;
}

function named(name: string, message: string): Error {
  const error = new Error(message);
  error.name = name;
  return error;
}
