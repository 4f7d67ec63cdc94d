import { exitCodes } from "../core/errors.ts";
import type { Terminal } from "./terminal.ts";

export interface Interrupts {
  readonly signal: AbortSignal;
  close(): void;
}

/** The first Ctrl-C asks for a good end, the second one leaves; what was saved is whole anyway. */
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
