import pc from "picocolors";
import { exitCodes } from "../core/error-codes/error-codes.ts";
import { homePath } from "../platform/local/paths.ts";
import type { LiveLine, Terminal } from "./terminal.ts";

const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** This process's own terminal. */
export async function processTerminal(): Promise<Terminal> {
  for (const stream of [process.stdout, process.stderr]) stream.on("error", outputFailed);
  return {
    out: (line) => void process.stdout.write(`${line}\n`),
    err: (line) => void process.stderr.write(`${line}\n`),
    write: (text) =>
      new Promise((resolve) => {
        if (process.stdout.write(text)) resolve();
        else process.stdout.once("drain", resolve).once("close", resolve);
      }),
    live: process.stderr.isTTY === true ? await liveLine() : null,
    paint: pc.createColors(pc.isColorSupported && process.stderr.isTTY === true),
    home: homePath(),
    ...(process.env.npm_lifecycle_event === "npx" ? { called: "npx kofn" } : {}),
    // This process began with it.
    enteredMs: 0,
    onInterrupt(listener) {
      for (const signal of signals) process.on(signal, listener);
      return () => {
        for (const signal of signals) process.off(signal, listener);
      };
    },
    exit: (code) => process.exit(code),
  };
}

/** The reader of our output may go (`kofn list | head`, a closed window): a run continues. */
function outputFailed(error: NodeJS.ErrnoException): void {
  if (error.code === "EPIPE" || error.code === "EIO") return;
  // What was asked for did not get where it was to go. Said once, on what may still be open.
  if (process.listenerCount("exit", failedExit) > 0) return;
  process.on("exit", failedExit);
  process.stderr.write(
    `error: the output cannot be written: ${error.message}\n` +
      "hint: make room there, or send it elsewhere; nothing else was lost\n",
  );
}

function failedExit(): void {
  process.exitCode = exitCodes.input;
}

async function liveLine(): Promise<LiveLine> {
  const { createLogUpdate } = await import("log-update");
  const update = createLogUpdate(process.stderr, { showCursor: true });
  return { show: (text) => update(text), clear: () => update.clear() };
}
