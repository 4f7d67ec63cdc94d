import { RunError } from "../core/errors.ts";
import { asMapping } from "../core/json.ts";
import { parseYaml } from "./yaml-text.ts";

/** One value of a spec, changed from outside: `stop.rounds=50`. */
export interface Override {
  readonly path: readonly string[];
  readonly value: unknown;
}

const settingPattern = /^([A-Za-z][\w-]*(?:\.[A-Za-z_$][\w-]*)*)=(.*)$/s;

/** A setting as written after an option such as `--set`; its value is YAML. */
export function parseOverride(text: string, option: string): Override {
  const { path, value } = splitOverride(text, option);
  return { path, value: parseYaml(value, `${option} ${path.join(".")}`) };
}

/** The path and the text of a setting. */
export function splitOverride(
  text: string,
  option: string,
): { readonly path: readonly string[]; readonly value: string } {
  const match = settingPattern.exec(text);
  if (match === null || match[2]!.trim() === "") {
    throw new RunError("bad-setting", `${option}: ${JSON.stringify(text)} is not path=value`, {
      hint: `write it like ${option} stop.rounds=50`,
    });
  }
  return { path: match[1]!.split("."), value: match[2]! };
}

/** A spec with settings applied in their order; the spec itself is left alone. */
export function withOverrides(spec: unknown, settings: readonly Override[]): unknown {
  let changed = spec;
  for (const { path, value } of settings) changed = withValue(changed, path, value, path);
  return changed;
}

function withValue(
  node: unknown,
  path: readonly string[],
  value: unknown,
  whole: readonly string[],
): unknown {
  const [key, ...rest] = path;
  if (key === undefined) return value;
  const below = settableMapping(node, whole);
  const before = Object.hasOwn(below, key) ? below[key] : undefined;
  const entries = Object.entries(below).filter(([name]) => name !== key);
  return Object.fromEntries([...entries, [key, withValue(before, rest, value, whole)]]);
}

/** A bare name such as `hadamard` stands for `{ type: hadamard }`. */
function settableMapping(
  value: unknown,
  whole: readonly string[],
): Readonly<Record<string, unknown>> {
  if (value === undefined || value === null) return {};
  if (typeof value === "string") return { type: value };
  const mapping = asMapping(value);
  if (mapping !== undefined) return mapping;
  const place = whole.join(".");
  throw new RunError("bad-setting", `${place}: there is nothing to set within ${show(value)}`, {
    hint: `set the whole value instead: ${whole[0]}=...`,
  });
}

function show(value: unknown): string {
  const text = JSON.stringify(value);
  return text.length <= 60 ? text : `${text.slice(0, 60)}...`;
}
