import type { Command } from "commander";
import type { Invoke } from "./program.ts";

export function addDataCommands(_program: Command, _invoke: Invoke): void {}
