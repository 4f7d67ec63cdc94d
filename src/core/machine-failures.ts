import { existsSync } from "node:fs";
import type { ErrorCode } from "./error-codes/error-codes.ts";
import { hasCode, messageOf, RunError } from "./errors.ts";

/** Refusals for want of what a machine has only so much of, by what a person can do. */
const shortages: Readonly<Record<string, ErrorCode>> = {
  EMFILE: "too-many-files",
  ENFILE: "too-many-files",
  ENOSPC: "disk-full",
  EDQUOT: "disk-full",
};

/** What is said of objects that were stored: they are all gone with their folder. */
const storedCodes: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  "bad-part",
  "bucket-gone",
  "damaged-object",
  "network-gone",
  "no-manifest",
  "unreadable-object",
]);

/**
 * What the machine refused, or what was taken away underneath, as an error that a person can mend;
 * null for a fault of ours. `home` is null for a command on a stage, whose objects are elsewhere.
 */
export function machineFailureOf(thrown: unknown, home: string | null): RunError | null {
  const isGone = home !== null && !existsSync(home);
  const gone = () =>
    new RunError("home-gone", `${home}: it was removed while it was in use`, { cause: thrown });
  if (thrown instanceof RunError) return storedCodes.has(thrown.code) && isGone ? gone() : null;
  for (let one = thrown; one instanceof Error; one = one.cause) {
    const code = shortages[(one as NodeJS.ErrnoException).code ?? ""];
    if (code !== undefined) {
      const { path } = one as NodeJS.ErrnoException;
      const place = path === undefined ? "" : `${path}: `;
      return new RunError(code, place + messageOf(one), { cause: thrown });
    }
    if (isGone && isOfHome(one, home)) return gone();
  }
  return null;
}

/** A file below it that is not there, or what the server over its files answered. */
function isOfHome(error: Error, home: string): boolean {
  const { path = "" } = error as NodeJS.ErrnoException;
  return "$metadata" in error || (hasCode(error, "ENOENT") && path.startsWith(home));
}
