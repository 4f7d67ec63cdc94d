import { spawn } from "node:child_process";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { RunError } from "../core/errors.ts";
import { checkRunName } from "../journal/run-record.ts";
import { withOpenRun } from "../platform/training/open-run.ts";
import type { WhatIf } from "../report/data.ts";
import type { AskWhatIf } from "../ui/routes.ts";
import type { UiServer } from "../ui/server.ts";
import { type Declare, portOf, stageHelp } from "./command.ts";
import { openInBrowser } from "./report.ts";
import { interrupts, type Terminal } from "./terminal.ts";

/** Set for the page that a run opens: how many seconds it stays with nobody who looks at it. */
const lingersVariable = "KOFN_PAGE_LINGERS";
const lingersSeconds = "60";
const lookEveryMs = 500;

interface UiCommandOptions {
  readonly port: string;
  readonly open?: boolean;
}

export const declareUi: Declare = (command, invoke) => {
  command
    .description(
      "Serves a page of all runs that follows them, to this machine alone, until Ctrl-C. Whoever " +
        "has the address it prints sees the runs, and may cancel and resume them.",
    )
    .argument("[RUN]", "the run to show first; all of them where absent")
    .option("--stage <name>", stageHelp)
    .option("--port <number>", "the port; 0 for any that is free", "0")
    .option("--open", "open it in a browser")
    .action((run, options) => invoke((terminal) => uiCommand(run, options, terminal)));
};

/** `kofn ui`: until Ctrl-C; where a run opened it, until nobody looks any more. */
async function uiCommand(
  name: string | undefined,
  options: UiCommandOptions,
  terminal: Terminal,
): Promise<number> {
  const lingers = process.connected ? process.env[lingersVariable] : undefined;
  // A run that opens its page has no record yet.
  const run =
    name === undefined || lingers !== undefined
      ? name
      : await withOpenRun(terminal, name, async (_home, record) => record.run);
  const { openUi } = await import("../ui/server.ts");
  const { home, stage } = terminal;
  const resume = (stopped: string) => resumeApart(stopped, terminal);
  const whatIf: AskWhatIf = (ended) => whatIfApart(ended, terminal);
  const port = portOf(options.port);
  const server = await openUi({ home, stage, port, resume, whatIf });
  const stop = interrupts(terminal, "closing");
  try {
    const address = server.address(run === undefined ? "/" : `/run/${checkRunName(run)}`);
    terminal.out(address);
    if (options.open === true) await openInBrowser(address, terminal);
    const unused = lingers === undefined ? [] : [whenUnused(server, Number(lingers), stop.signal)];
    await Promise.race([whenAborted(stop.signal), ...unused]);
  } finally {
    stop.close();
    await server.close();
  }
  return 0;
}

async function whenAborted(signal: AbortSignal): Promise<void> {
  if (!signal.aborted) await once(signal, "abort");
}

/** Once the run's process has ended and nobody has looked at the page for so long. */
async function whenUnused(server: UiServer, seconds: number, signal: AbortSignal): Promise<void> {
  if (process.connected) await once(process, "disconnect");
  for (let unusedMs = 0; unusedMs < 1000 * seconds && !signal.aborted; ) {
    await sleep(lookEveryMs);
    unusedMs = server.connections() > 0 ? 0 : unusedMs + lookEveryMs;
  }
}

/**
 * Opens the page of a run in a process of its own, which outlives a run that is killed. Tells its
 * address.
 */
export async function openPage(run: string, terminal: Terminal): Promise<void> {
  const lingers = process.env[lingersVariable] ?? lingersSeconds;
  const child = spawn(process.execPath, commandLine(["ui", run], terminal), {
    detached: true,
    env: { ...process.env, KOFN_HOME: terminal.home, [lingersVariable]: lingers },
    stdio: ["ignore", "pipe", "ignore", "ipc"],
  });
  let text = "";
  for await (const chunk of child.stdout!) {
    text += chunk;
    if (text.includes("\n")) break;
  }
  if (text === "")
    throw new RunError("bad-option", "--ui: the page could not be opened", {
      hint: `kofn ui ${run} says why`,
    });
  child.unref();
  child.channel?.unref();
  terminal.err(`page: ${text.trim()}`);
}

/** Goes on with a run in a process that outlives the page. Returns why that failed, or nothing. */
async function resumeApart(run: string, terminal: Terminal): Promise<string> {
  const { [lingersVariable]: _, ...env } = process.env;
  const child = spawn(process.execPath, commandLine(["resume", run], terminal), {
    detached: true,
    env: { ...env, KOFN_HOME: terminal.home, NO_COLOR: "1" },
    stdio: ["ignore", "ignore", "pipe"],
  });
  let text = "";
  child.stderr.setEncoding("utf8").on("data", (chunk: string) => {
    text = (text + chunk).slice(-4_000);
  });
  const [exitCode] = (await once(child, "close")) as [number | null];
  if (exitCode !== 1 && exitCode !== 2) return "";
  return refusalIn(text) || `kofn resume ${run} ended with ${exitCode}`;
}

/** What if, in a process of its own: the page goes on meanwhile. */
async function whatIfApart(run: string, terminal: Terminal): ReturnType<AskWhatIf> {
  const args = commandLine(["report", run, "--what-if", "--json"], terminal);
  const child = spawn(process.execPath, args, {
    env: { ...process.env, KOFN_HOME: terminal.home, NO_COLOR: "1" },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const [out, err] = await Promise.all([textOf(child.stdout), textOf(child.stderr)]);
  const last = out.trim().split("\n").at(-1) ?? "";
  if (last.startsWith("{")) return { found: (JSON.parse(last) as { whatIf: WhatIf }).whatIf };
  return { problem: refusalIn(err) || `kofn report ${run} --what-if failed` };
}

async function textOf(stream: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks).toString("utf8");
}

/** What a command said of why it failed; nothing where it did not. */
function refusalIn(text: string): string {
  return text
    .split("\n")
    .filter((line) => /^(error|hint):/.test(line))
    .join(" ");
}

/** This command with other arguments: as it was built, or from the sources. */
function commandLine(args: readonly string[], { stage }: Terminal): string[] {
  const main = new URL(
    import.meta.url.endsWith(".ts") ? "./main.ts" : "./main.js",
    import.meta.url,
  );
  return [fileURLToPath(main), ...args, ...(stage === undefined ? [] : ["--stage", stage])];
}
