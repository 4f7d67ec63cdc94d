import { join } from "node:path";
import { RunError } from "../../core/errors.ts";
import { lockHolder, takeProcessLock } from "../../core/process-lock.ts";

/**
 * Two indexes of one folder would drift apart, so a root has one process at a time. Returns how to
 * let go of it. Throws `RunError("root-in-use")` while another process has it.
 */
export function lockRoot(path: string): () => void {
  const lock = join(path, "lock");
  const taken = takeProcessLock(lock);
  if ("release" in taken) return taken.release;
  throw new RunError("root-in-use", `${lock}: process ${taken.heldBy} is serving this folder`, {
    hint: "stop it, use its endpoint, or choose another folder; if it is gone, remove the file",
  });
}

/** Whether this process or another has a root. */
export function isRootHeld(path: string): boolean {
  return lockHolder(join(path, "lock")) !== null;
}
