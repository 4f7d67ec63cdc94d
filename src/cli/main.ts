#!/usr/bin/env node
import { kofnVersion } from "../core/version.ts";

const args = process.argv.slice(2);
/** As `engines` of package.json has it. */
const oldestNode = [22, 18] as const;
const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
const isTooOld = major < oldestNode[0] || (major === oldestNode[0] && minor < oldestNode[1]);
// Asked for by scripts and completions: nothing else is loaded for it.
const asksVersion = args.length === 1 && ["--version", "-V"].includes(args[0]!);
if (asksVersion) process.stdout.write(`${kofnVersion}\n`);
else if (isTooOld) {
  const oldest = oldestNode.join(".");
  process.stderr.write(
    `error: kofn needs Node ${oldest} or later, and this is ${process.versions.node}\n` +
      "hint: install a newer one from nodejs.org, or npm install node@24 for this folder alone\n",
  );
  process.exitCode = 2;
} else {
  const { openFilesMax, openFilesMin } = await import("../core/open-files.ts");
  const openMax = openFilesMax() ?? openFilesMin;
  if (openMax < openFilesMin) {
    process.stderr.write(
      `error: only ${openMax} files may be open here, and kofn needs ${openFilesMin}\n` +
        "hint: raise the limit of this shell: ulimit -n 4096\n",
    );
    process.exitCode = 3;
  } else {
    const { reuseCompiledCode } = await import("../core/compile-cache.ts");
    reuseCompiledCode();
    const { processTerminal } = await import("./process-terminal.ts");
    const { runCli } = await import("./program.ts");
    process.exitCode = await runCli(args, await processTerminal());
  }
}
