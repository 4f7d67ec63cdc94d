import { execFile } from "node:child_process";
import { readdirSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { runCli } from "../../src/cli/program.ts";
import type { Terminal } from "../../src/cli/terminal.ts";
import { type PageLines, stepsOf } from "./transcripts.ts";

/** A command of a page, and what it printed when it was called. */
export interface PlayedCommand {
  readonly command: string;
  readonly shown: PageLines;
  readonly lines: readonly string[];
}

const execute = promisify(execFile);

/** How long a command took hangs on the machine: pages show dots. */
function asShown(line: string): string {
  return line.replace(/, [\d.,]+ (ms|s|min) from Enter$/, ", … from Enter");
}

/** Lines that come or not by how quick the machine is. */
const progress =
  /^(.* {2})?(round \d+\/|(reading|encoding) \d+ %|planning$|(starting w|evaluati)\w+ {2}|try: )/;

/**
 * Does what a page says, in a folder of its own: writes its files and calls its commands one after
 * another. `kofn` runs in this process; a command that ends with `&` goes on until the page ends.
 */
export async function playPage(page: string): Promise<PlayedCommand[]> {
  const folder = await mkdtemp(join(tmpdir(), "kofn-page-"));
  const before = process.cwd();
  const background: BackgroundCommand[] = [];
  const played: PlayedCommand[] = [];
  try {
    process.chdir(folder);
    for (const step of stepsOf(page)) {
      if (step.kind === "file") {
        await writeFile(step.name, step.text);
        continue;
      }
      const printed = await call(step.command, folder, background);
      const lines = printed.split("\n").map((line) => asShown(line.replaceAll(`${folder}/`, "")));
      const kept = lines.filter((line) => !progress.test(line));
      played.push({ command: step.command, shown: step.shown, lines: kept });
    }
  } finally {
    for (const one of background) await one.end();
    process.chdir(before);
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  }
  return played;
}

interface BackgroundCommand {
  /** As the page names it, and as it is: any that is free. */
  readonly port: string;
  readonly boundPort: string;
  end(): Promise<void>;
}

async function call(
  command: string,
  folder: string,
  background: BackgroundCommand[],
): Promise<string> {
  const words = wordsOf(command);
  if (words[0] === "npx") words.shift();
  const [name, ...args] = words;
  const home = join(folder, ".kofn");
  if (name === "kofn" && args.at(-1) === "&") return start(args.slice(0, -1), home, background);
  if (name === "kofn") return kofn(args, home);
  const mapped = (text: string) =>
    background.reduce(
      (all, { port, boundPort }) => all.replaceAll(`:${port}`, `:${boundPort}`),
      text,
    );
  if (name === "curl") return asked(args.map(mapped));
  const { stdout, stderr } = await execute("/bin/sh", ["-c", mapped(command)], { cwd: folder });
  return stdout + stderr;
}

async function kofn(args: readonly string[], home: string): Promise<string> {
  const lines: string[] = [];
  const exitCode = await runCli(
    args,
    terminalOver(lines, home, () => undefined),
  );
  return `${lines.join("\n")}${exitCode === 0 ? "" : `\n(exit code ${exitCode})`}`;
}

/** A server: what it printed until it answers, its port put back. */
async function start(
  args: readonly string[],
  home: string,
  background: BackgroundCommand[],
): Promise<string> {
  const lines: string[] = [];
  let press = () => {};
  const at = args.indexOf("--port");
  const port = at === -1 ? "8080" : args[at + 1]!;
  const free = at === -1 ? [...args, "--port", "0"] : args.with(at + 1, "0");
  let ended: Promise<number> = Promise.resolve(0);
  const isUp = new Promise<void>((resolve) => {
    const terminal = terminalOver(lines, home, resolve);
    const listening = { ...terminal, onInterrupt: (listener: () => void) => hold(listener) };
    const hold = (listener: () => void) => {
      press = listener;
      return () => undefined;
    };
    ended = runCli(free, listening);
    void ended.then(() => resolve());
  });
  await isUp;
  const boundPort = /:(\d+)/.exec(lines.join("\n"))?.[1] ?? port;
  const end = async () => {
    press();
    await ended;
  };
  background.push({ port, boundPort, end });
  return lines.join("\n").replaceAll(`:${boundPort}`, `:${port}`);
}

/** A terminal whose lines are kept in the order they came; `onOut` hears of standard output. */
function terminalOver(lines: string[], home: string, onOut: () => void): Terminal {
  const same = (text: string) => text;
  return {
    out(line) {
      lines.push(line);
      onOut();
    },
    err: (line) => void lines.push(line),
    write: async (text) => void lines.push(text.replace(/\n$/, "")),
    live: null,
    paint: { bold: same, dim: same, red: same, green: same, yellow: same, cyan: same },
    home,
    enteredMs: performance.now(),
    onInterrupt: () => () => undefined,
    exit: (code) => {
      throw new Error(`exit ${code}`);
    },
  };
}

/** What `curl -s ADDRESS -H NAME:VALUE -d BODY` prints. */
async function asked(args: readonly string[]): Promise<string> {
  const headers: Record<string, string> = {};
  let [address, body]: (string | undefined)[] = [];
  for (let i = 0; i < args.length; i++) {
    if (args[i] === "-H") {
      const [name = "", value = ""] = args[++i]!.split(/:\s*/);
      headers[name] = value;
    } else if (args[i] === "-d") body = args[++i];
    else if (!args[i]!.startsWith("-")) address = args[i];
  }
  const options = body === undefined ? {} : { method: "POST", headers, body };
  return (await fetch(address!, options)).text();
}

/** A command's words as a shell reads them: quotes taken off. */
function wordsOf(command: string): string[] {
  const words = command.matchAll(/(?:[^\s'"]+|'[^']*'|"[^"]*")+/g);
  return [...words].map(([word]) => word.replace(/'([^']*)'|"([^"]*)"/g, "$1$2"));
}

/** Pages whose commands are called: those with a block of `console` in these folders. */
export function transcriptPages(): string[] {
  const root = join(import.meta.dirname, "../..");
  return ["docs/tutorials", "docs/how-to"].flatMap((folder) =>
    readdirSync(join(root, folder))
      .sort()
      .map((name) => `${folder}/${name}`),
  );
}
