import { spawn } from "node:child_process";
import { createInterface } from "node:readline";

/** NumPy in a process of its own, one thread, asked for one thing at a time. */
export interface NumPy {
  readonly version: string;
  /** How long it took, in milliseconds by its own clock, or of its thread's processor time. */
  time(
    what: "gradient" | "logistic" | "encode" | "select" | "read",
    clock?: "wall" | "processor",
  ): Promise<number>;
  close(): void;
}

export interface Sizes {
  readonly rows: number;
  readonly columns: number;
  readonly storedRows: number;
  readonly width: number;
  readonly vectorLength: number;
}

/** Null, with a line that says so, where there is no NumPy. KOFN_PEERS_PYTHON names a Python. */
export async function openNumPy(sizes: Sizes): Promise<NumPy | null> {
  const python = process.env.KOFN_PEERS_PYTHON ?? "python3";
  const script = `${import.meta.dirname}/../peers/numpy_kernels.py`;
  const child = spawn(python, [script], { stdio: ["pipe", "pipe", "ignore"] });
  child.on("error", () => undefined);
  child.stdin.on("error", () => undefined);
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const answer = async (): Promise<Record<string, unknown> | null> => {
    const { done, value } = await lines.next();
    return done === true ? null : (JSON.parse(value) as Record<string, unknown>);
  };
  const { rows, columns, storedRows, width, vectorLength } = sizes;
  child.stdin.write(`${JSON.stringify([rows, columns, storedRows, width, vectorLength])}\n`);
  const first = await answer();
  if (first === null) {
    console.log(`NumPy left out: ${python} has none (KOFN_PEERS_PYTHON names another Python)`);
    return null;
  }
  return {
    version: String(first.version),
    async time(what, clock = "wall") {
      child.stdin.write(`${what}\n`);
      const told = await answer();
      return Number(clock === "wall" ? told?.ms : told?.processorMs);
    },
    close: () => child.stdin.end(),
  };
}
