import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { handOver } from "../hand-over.ts";

/** `npm install-test` of what is committed, in a fresh clone: how long it takes. */
const folder = mkdtempSync(join(tmpdir(), "kofn-install-"));
try {
  const root = join(import.meta.dirname, "../..");
  call(root, "git", ["clone", "--quiet", root, folder]);
  const begunMs = performance.now();
  call(folder, "npm", ["install-test"]);
  handOver({ bench: "install-test", seconds: (performance.now() - begunMs) / 1000 });
} finally {
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
}

function call(cwd: string, program: string, words: string[]): void {
  const { status } = spawnSync(program, words, { cwd, stdio: ["ignore", "ignore", "inherit"] });
  if (status !== 0) throw new Error(`${program} ${words.join(" ")} ended with ${status}`);
}
