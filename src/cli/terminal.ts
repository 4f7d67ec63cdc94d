import { exitCodes } from "../core/error-codes/error-codes.ts";

/** A command's environment: where it writes, and what interrupts it. */
export interface Terminal {
  /** Results: a line (or a table) on standard output. */
  out(line: string): void;
  /** All other text for people. */
  err(line: string): void;
  /** Bytes to standard output as they are. */
  write(text: string): Promise<void>;
  /** A line that the next one replaces; null where the output is not a terminal. */
  readonly live: LiveLine | null;
  readonly paint: Paint;
  /** Where runs are kept. */
  readonly home: string;
  /** What was typed for `kofn`, where that is another. */
  readonly called?: string;
  /** When the command was entered, on the clock of `performance.now`; now where it is absent. */
  readonly enteredMs?: number;
  /** `--stage`: the deployed stage that a command is about instead of this home. */
  readonly stage?: string | undefined;
  /** Ctrl-C and the like. Returns the way to stop listening. */
  onInterrupt(listener: () => void): () => void;
  /** Exits at once. */
  exit(code: number): never;
}

export interface LiveLine {
  show(text: string): void;
  /** Removes it. */
  clear(): void;
}

export interface Paint {
  bold(text: string): string;
  dim(text: string): string;
  red(text: string): string;
  green(text: string): string;
  yellow(text: string): string;
  cyan(text: string): string;
}

/** Where a command's human words go: to standard error when standard output is for programs. */
export function say(
  terminal: Terminal,
  options: { readonly json?: boolean },
): (text: string) => void {
  return options.json === true ? terminal.err : terminal.out;
}

/** One JSON object on a line of its own; numbers that are not finite become null. */
export function printJson(terminal: Terminal, event: object): void {
  terminal.out(JSON.stringify(event));
}

export interface Interrupts {
  readonly signal: AbortSignal;
  close(): void;
}

/** The first Ctrl-C stops a command properly, the second one exits; saved state stays whole. */
export function interrupts(terminal: Terminal, saying: string): Interrupts {
  const controller = new AbortController();
  const forget = terminal.onInterrupt(() => {
    if (controller.signal.aborted) terminal.exit(exitCodes.interrupted);
    controller.abort();
    terminal.live?.clear();
    terminal.err(`${saying} (Ctrl-C again leaves at once)`);
  });
  return { signal: controller.signal, close: forget };
}
