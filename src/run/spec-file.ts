import { open, readdir, stat } from "node:fs/promises";
import { basename, dirname, extname, isAbsolute, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { messageOf, RunError } from "../core/errors.ts";
import { asMapping } from "../core/json.ts";
import { nearest } from "../core/text.ts";
import { withGraphEdges } from "../spec/graph-edges.ts";
import { type Override, withOverrides } from "../spec/overrides.ts";
import type { RunSpec } from "../spec/run-spec.ts";
import { parseYaml } from "../spec/yaml-text.ts";
import { resolveSpec } from "./resolve-spec.ts";

const bytesMax = 1024 * 1024;
const textKinds = [".yaml", ".yml", ".json"];
const codeKinds = [".ts", ".mts", ".js", ".mjs"];
/** The spec's options that are paths, by the section that holds them. */
const pathKeys: Readonly<Record<string, readonly string[]>> = {
  data: ["source", "targetSource", "test"],
  problem: ["model"],
};

/**
 * The spec in a file (YAML, JSON, or a TypeScript or JavaScript module's default export), with
 * settings applied. Throws `RunError` naming the place and the remedy.
 */
export async function readSpec(path: string, settings: readonly Override[] = []): Promise<RunSpec> {
  return resolveSpec(withOverrides(await loadSpec(path), settings));
}

/** A spec file's content, unchecked, with data paths relative to the working folder. */
export async function loadSpec(path: string): Promise<unknown> {
  const stats = await stat(path).catch((cause: NodeJS.ErrnoException) => absent(path, cause));
  if (!stats.isFile()) {
    const what = stats.isDirectory() ? "a directory" : "not a file";
    throw new RunError("not-a-file", `${path}: ${what}, expected a spec file`, {
      hint: "give the path of a .yaml, .json or .ts file",
    });
  }
  const kind = extname(path).toLowerCase();
  if (codeKinds.includes(kind)) return withFiles(await loadModule(path), path);
  if (!textKinds.includes(kind)) {
    throw new RunError("not-a-spec", `${path}: a spec file does not end in "${kind}"`, {
      hint:
        `its name ends in one of ${[...textKinds, ...codeKinds].join(", ")}; of a data file name ` +
        "the column to predict: kofn run FILE --target NAME",
    });
  }
  const spec = parseYaml(await readText(path, stats.size), path);
  if (spec === null || spec === undefined) {
    throw new RunError("empty-spec", `${path}: the spec is empty`, {
      hint: "it begins like  problem: { type: ridge }  with data: below it",
    });
  }
  return withFiles(spec, path);
}

function withFiles(spec: unknown, path: string): Promise<unknown> {
  return withGraphEdges(withPaths(spec, path), path);
}

async function loadModule(path: string): Promise<unknown> {
  let loaded: { readonly default?: unknown };
  try {
    loaded = (await import(pathToFileURL(resolve(path)).href)) as typeof loaded;
  } catch (cause) {
    throw new RunError("bad-module", `${path}: it cannot be loaded: ${messageOf(cause)}`, {
      hint: "mend the module; it must run by itself with node",
      cause,
    });
  }
  if (loaded.default === undefined) {
    throw new RunError("bad-module", `${path}: it has no default export`, {
      hint: "end it with  export default defineRun({ ... })",
    });
  }
  return loaded.default;
}

async function readText(path: string, size: number): Promise<string> {
  if (size > bytesMax) {
    throw new RunError("spec-too-large", `${path}: ${size} bytes, expected at most ${bytesMax}`, {
      hint: "a spec holds settings alone; name the data by data.source",
    });
  }
  // The size is bounded while reading too: the file may have grown.
  const bytes = await readStart(path, bytesMax);
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new RunError("not-utf8", `${path}: it is not UTF-8 text`, {
      hint: "save it as UTF-8, or give another file: data belong under data.source",
      cause,
    });
  }
}

async function readStart(path: string, length: number): Promise<Uint8Array> {
  const file = await open(path, "r").catch((cause: NodeJS.ErrnoException) => absent(path, cause));
  try {
    const { buffer, bytesRead } = await file.read(new Uint8Array(length), 0, length, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}

/** Paths in a spec are relative to its folder, whatever the working folder is. */
function withPaths(spec: unknown, path: string): unknown {
  if (!isMapping(spec)) return spec;
  const sections = Object.entries(pathKeys).flatMap(([part, keys]) => {
    const section = spec[part];
    if (!isMapping(section)) return [];
    const entries = Object.entries(section).map(([key, value]) => {
      return [key, keys.includes(key) ? moved(value, path) : value];
    });
    return [[part, Object.fromEntries(entries)]];
  });
  return { ...spec, ...Object.fromEntries(sections) };
}

function moved(value: unknown, path: string): unknown {
  if (Array.isArray(value)) return value.map((one) => moved(one, path));
  return typeof value === "string" && value !== "" ? fromFolder(dirname(path), value) : value;
}

function isMapping(value: unknown): value is Readonly<Record<string, unknown>> {
  return asMapping(value) !== undefined;
}

function fromFolder(folder: string, source: string): string {
  return isAbsolute(source) || /^[a-z0-9]+:\/\//i.test(source) ? source : join(folder, source);
}

async function absent(path: string, cause: NodeJS.ErrnoException): Promise<never> {
  if (cause.code !== "ENOENT" && cause.code !== "ENOTDIR") {
    throw new RunError("unreadable-file", `${path}: ${messageOf(cause)}`, {
      hint: "allow this user to read it",
      cause,
    });
  }
  // For the hint only: a folder that cannot be listed has no names to give.
  const names = await readdir(dirname(path)).catch((): string[] => []);
  throw new RunError("no-such-file", `${path}: there is no such spec file`, {
    hint: `${nearest(basename(path), names)}paths are taken from ${resolve(".")}`,
    cause,
  });
}
