import { spawn } from "node:child_process";
import { createInterface } from "node:readline";

/** All steps of a network by somebody else, in a process of its own. */
export interface Peer {
  readonly version: string;
  /** Takes all steps from the starting weights; of several kinds, those of one. */
  steps(kind?: string): Promise<Taken>;
  close(): void;
}

export interface Taken {
  readonly ms: number;
  readonly processorMs: number;
  /** The mean loss of every step's batch. */
  readonly losses: readonly number[];
}

/** Null, with a line that says why, where it does not start. */
export async function openPeer(command: string, args: readonly string[]): Promise<Peer | null> {
  const child = spawn(command, args, { stdio: ["pipe", "pipe", "inherit"] });
  child.on("error", () => undefined);
  child.stdin.on("error", () => undefined);
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const answer = async (): Promise<unknown> => {
    const { done, value } = await lines.next();
    return done === true ? null : JSON.parse(value);
  };
  const first = (await answer()) as { version: string } | null;
  if (first === null) {
    console.log(`left out: ${command} ${args[0]} does not start`);
    return null;
  }
  return {
    version: first.version,
    async steps(kind = "steps") {
      child.stdin.write(`${kind}\n`);
      const told = (await answer()) as Taken | null;
      if (told === null) throw new Error(`${first.version} ended`);
      return told;
    },
    close: () => child.stdin.end(),
  };
}
