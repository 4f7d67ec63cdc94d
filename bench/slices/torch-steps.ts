import { spawn } from "node:child_process";
import { createInterface } from "node:readline";

/** A process of torch that takes steps of the same embedding when asked. */
export async function openTorchSteps(python: string) {
  const script = `${import.meta.dirname}/embedding_step.py`;
  const child = spawn(python, [script], { stdio: ["pipe", "pipe", "inherit"] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async (): Promise<string> => {
    const { value, done } = await lines.next();
    if (done === true) throw new Error(`${python} ended`);
    return value;
  };
  return {
    version: await next(),
    /** Milliseconds of a processor that each of so many steps takes. */
    async msOf(steps: number): Promise<number> {
      child.stdin.write(`${steps}\n`);
      return Number(await next());
    },
    close: () => child.stdin.end(),
  };
}
