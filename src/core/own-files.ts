import { chmodSync, mkdirSync } from "node:fs";
import { hasCode } from "./errors.ts";

/**
 * Rows, secrets and models lie in a home, so that whatever is made there is its owner's alone: no
 * other user of the machine may read it. Modes are given when a file is made, as it would be open
 * for a moment otherwise. What a person asks for by `--output` follows that person's own umask.
 */
export const ownFile = 0o600;
export const ownFolder = 0o700;

/** Makes a folder, and those above that are missing, for its owner alone. */
export function makeOwnFolder(path: string): void {
  mkdirSync(path, { recursive: true, mode: ownFolder });
}

/**
 * The same, and closes one that is there already: homes of earlier versions were open to all, and
 * nothing below a closed folder can be read. One that is somebody else's stays as it is.
 */
export function closeOwnFolder(path: string): void {
  makeOwnFolder(path);
  try {
    chmodSync(path, ownFolder);
  } catch (thrown) {
    if (!hasCode(thrown, "EPERM")) throw thrown;
  }
}

/** Whether a process that left files is still there, be it another user's. */
export function isAlive(pid: number): boolean {
  try {
    return Number.isInteger(pid) && process.kill(pid, 0);
  } catch (thrown) {
    return hasCode(thrown, "EPERM");
  }
}
