#!/usr/bin/env node
import { processTerminal } from "./process-terminal.ts";
import { runCli } from "./program.ts";

process.exitCode = await runCli(process.argv.slice(2), await processTerminal());
