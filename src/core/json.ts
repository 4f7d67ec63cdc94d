import { RunError } from "./errors.ts";

/** The value in a stored object's JSON. Throws `RunError` where it is none; `place` names it. */
export function parseJson<T>(bytes: Uint8Array, place: string): T {
  try {
    return JSON.parse(new TextDecoder().decode(bytes)) as T;
  } catch (cause) {
    throw new RunError("bad-json", `${place}: it is damaged: it is not JSON`, {
      hint: "put back a copy of it, or remove it and start anew",
      cause,
    });
  }
}

/** The value, if it is of the one version that this code knows. Throws `RunError` otherwise. */
export function checkVersion<T>(value: T, known: number, place: string): T {
  const { version } = (value ?? {}) as { readonly version?: unknown };
  if (version === known) return value;
  const told = JSON.stringify(version) ?? "nothing";
  throw new RunError("other-version", `${place}: its version is ${told}, expected ${known}`, {
    hint: "use the version of kofn that wrote it, or make it anew with this one",
  });
}

/** A number as JSON can tell it: null where it is absent, infinite or none. */
export function finiteOrNull(value: number | undefined): number | null {
  return value !== undefined && Number.isFinite(value) ? value : null;
}
