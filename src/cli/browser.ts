import { resolve } from "node:path";
import open from "open";
import type { Terminal } from "./terminal.ts";

/** Shows a page in the usual browser; a machine without one is no reason to fail. */
export async function openInBrowser(path: string, terminal: Terminal): Promise<void> {
  const browser = await open(resolve(path));
  browser.once("error", (error) =>
    terminal.err(`${terminal.paint.yellow("warning:")} no browser opened: ${error.message}`),
  );
}
