#!/usr/bin/env node
import { kofnVersion } from "../core/version.ts";

const args = process.argv.slice(2);
// Asked for by scripts and completions: nothing else is loaded for it.
const asksVersion = args.length === 1 && ["--version", "-V"].includes(args[0]!);
if (asksVersion) process.stdout.write(`${kofnVersion}\n`);
else {
  const { reuseCompiledCode } = await import("../core/compile-cache.ts");
  reuseCompiledCode();
  const { processTerminal } = await import("./process-terminal.ts");
  const { runCli } = await import("./program.ts");
  process.exitCode = await runCli(args, await processTerminal());
}
