import pc from "picocolors";
import { homePath } from "../platform/local/paths.ts";
import type { LiveLine, Terminal } from "./terminal.ts";

const signals = ["SIGINT", "SIGTERM"] as const;

/** This process's own terminal. */
export async function processTerminal(): Promise<Terminal> {
  for (const stream of [process.stdout, process.stderr])
    stream.on("error", (error: NodeJS.ErrnoException) => {
      // The reader of our output is gone (`kofn list | head`, a closed window); a run continues.
      if (error.code !== "EPIPE" && error.code !== "EIO") throw error;
    });
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
    onInterrupt(listener) {
      for (const signal of signals) process.on(signal, listener);
      return () => {
        for (const signal of signals) process.off(signal, listener);
      };
    },
    exit: (code) => process.exit(code),
  };
}

async function liveLine(): Promise<LiveLine> {
  const { createLogUpdate } = await import("log-update");
  const update = createLogUpdate(process.stderr, { showCursor: true });
  return { show: (text) => update(text), clear: () => update.clear() };
}
