import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type MarkedBlock, markedBlocks, notPrinted } from "./marked-blocks.ts";
import { userPages } from "./pages.ts";

/*
 * `npm run figures [-- PART]`: calls each command that a marked block names (those with PART in
 * them, or on pages with PART in their names) and says which figures it no longer prints.
 */

const root = join(import.meta.dirname, "../..");

/** A block and its page. */
export interface PageBlock extends MarkedBlock {
  readonly page: string;
}

/** All marked blocks of the project's pages. */
export function allMarkedBlocks(): PageBlock[] {
  return Object.entries(userPages()).flatMap(([page, text]) =>
    markedBlocks(text).map((block) => ({ page, ...block })),
  );
}

/** Calls a block's command from the project's folder, and gives all that it prints. */
export function printedBy(command: string): string {
  const home = mkdtempSync(join(tmpdir(), "kofn-figures-"));
  try {
    const kofn = `${process.execPath} ${join(root, "src/cli/main.ts")}`;
    const called = command
      .replace(/(^|&& )(npx )?kofn /g, `$1${kofn} `)
      .replace(/(^|&& )npm run bench -- /g, `$1${process.execPath} bench/run.ts `)
      .replace(/(^|&& )node /g, `$1${process.execPath} `);
    const env = { ...process.env, KOFN_HOME: home, NO_COLOR: "1" };
    const options = { cwd: root, env, encoding: "utf8" as const, maxBuffer: 1 << 28 };
    const { stdout, stderr, status } = spawnSync("/bin/sh", ["-c", called], options);
    if (status === 0) return `${stdout}\n${stderr}`;
    throw new Error(`${command} ended with ${status}: ${stderr.slice(-2_000)}`);
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}

/** What is stale in these blocks, a line each; a command is called once. */
export function staleFigures(blocks: readonly PageBlock[]): string[] {
  const outputs = new Map<string, string>();
  return blocks.flatMap((block) => {
    const { command, page, line } = block;
    const output = outputs.get(command) ?? printedBy(command);
    outputs.set(command, output);
    const missing = notPrinted(block, output);
    return missing.length === 0 ? [] : [`${page}:${line}: not printed: ${missing.join(" | ")}`];
  });
}

if (import.meta.main) {
  const [part = ""] = process.argv.slice(2);
  const blocks = allMarkedBlocks().filter(
    ({ page, command }) => page.includes(part) || command.includes(part),
  );
  const commands = new Set(blocks.map(({ command }) => command));
  let stale = 0;
  for (const command of commands) {
    const found = staleFigures(blocks.filter((block) => block.command === command));
    stale += found.length;
    console.log(`${found.length === 0 ? "as printed" : "STALE"}  ${command}`);
    for (const line of found) console.log(`  ${line}`);
  }
  console.log(`${blocks.length} blocks by ${commands.size} commands, ${stale} stale`);
  process.exitCode = stale === 0 ? 0 : 1;
}
