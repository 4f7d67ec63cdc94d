import type { Command } from "commander";
import type { Invoke } from "./program.ts";

export function addRunCommands(_program: Command, _invoke: Invoke): void {}
