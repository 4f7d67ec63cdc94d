import { RunError } from "./errors.ts";
import { asJson } from "./text.ts";

/** The value in a stored object's JSON. Throws `RunError` where it is none; `place` names it. */
export function parseJson<T>(bytes: Uint8Array, place: string): T {
  try {
    return JSON.parse(new TextDecoder().decode(bytes)) as T;
  } catch (cause) {
    throw new RunError("bad-json", `${place}: it is damaged: it is not JSON`, {
      hint: "put back a copy of it",
      cause,
    });
  }
}

/** A value as the bytes of its JSON, to be stored. */
export function jsonBytes(value: unknown): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(JSON.stringify(value));
}

/** A mapping such as a spec's; undefined for anything else, a list too. */
export function asMapping(value: unknown): Readonly<Record<string, unknown>> | undefined {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as Readonly<Record<string, unknown>>)
    : undefined;
}

/** The value, if it is of the one version that this code knows. Throws `RunError` otherwise. */
export function checkVersion<T>(value: T, known: number, place: string): T {
  const { version } = (value ?? {}) as { readonly version?: unknown };
  if (version === known) return value;
  const message = `${place}: its version is ${asJson(version)}, expected ${known}`;
  throw new RunError("other-version", message, {
    hint: "use the version of kofn that wrote it, or make it anew with this one",
  });
}

/** A number as JSON can tell it: null where it is absent, infinite or none. */
export function finiteOrNull(value: unknown): number | null {
  return typeof value === "number" && Number.isFinite(value) ? value : null;
}
