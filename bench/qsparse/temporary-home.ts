import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A home for runs that nobody keeps. */
export async function temporaryHome() {
  const path = await mkdtemp(join(tmpdir(), "kofn-bench-"));
  return { path, remove: () => rm(path, { recursive: true, force: true }) };
}
