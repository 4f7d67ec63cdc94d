import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { makeOwnFolder, ownFile } from "../../core/own-files.ts";
import { withoutCompiledBuiltins } from "./snapshot-blob.ts";
import { refusedPath, snapshotFlags, takingPath } from "./snapshots.ts";

/*
 * A process that takes the startup snapshot of a function: `script` loads it, and `path` is where
 * the snapshot comes to lie, whole or not at all. Snapshots of earlier builds go when nobody has
 * started from them for a week.
 */

const keptMs = 7 * 24 * 3_600_000;

const [script, path] = process.argv.slice(2) as [string, string];
const folder = dirname(path);
makeOwnFolder(folder);
writeFileSync(takingPath(path), "", { mode: ownFile });
const draft = `${path}.${process.pid}`;
try {
  const parameters = [...snapshotFlags, "--snapshot-blob", draft, "--build-snapshot", script];
  const { status } = spawnSync(process.execPath, parameters, {
    env: { PATH: process.env.PATH },
    stdio: "ignore",
  });
  if (status === 0) {
    writeFileSync(draft, withoutCompiledBuiltins(readFileSync(draft)), { mode: ownFile });
    renameSync(draft, path);
    removeOld();
  } else writeFileSync(refusedPath(path), "", { mode: ownFile });
} finally {
  rmSync(draft, { force: true });
  rmSync(takingPath(path), { force: true });
}

function removeOld(): void {
  const stem = basename(script, ".js");
  for (const name of readdirSync(folder)) {
    const file = join(folder, name);
    const stats = statSync(file, { throwIfNoEntry: false });
    if (name.startsWith(`${stem}-`) && file !== path && stats !== undefined)
      if (Date.now() - Math.max(stats.atimeMs, stats.mtimeMs) > keptMs)
        rmSync(file, { force: true });
  }
}
