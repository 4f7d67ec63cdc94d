import { createHash } from "node:crypto";
import { readdir, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { closeOwnFolder, ownFile } from "../../core/own-files.ts";
import { badParameter, LambdaError } from "./failures.ts";
import { arnOf } from "./route.ts";

/** What a durable function was asked to do once, and how that went. Plain data, kept on disk. */
export interface Execution {
  readonly name: string;
  readonly id: string;
  readonly functionName: string;
  /** The version that runs it: a number, or `$LATEST`. */
  readonly version: string;
  /** JSON text. */
  readonly input: string;
  readonly startMs: number;
  /** After so long the platform ends it. */
  readonly timeoutSeconds: number;
  readonly invocations: readonly CompletedInvocation[];
  /** Absent while it runs. */
  readonly end?: ExecutionEnd;
}

export interface CompletedInvocation {
  readonly requestId: string;
  readonly startMs: number;
  readonly endMs: number;
  readonly error?: ExecutionError;
}

export type ExecutionEnd =
  | { readonly status: "SUCCEEDED"; readonly atMs: number; readonly result: string }
  | { readonly status: "FAILED"; readonly atMs: number; readonly error: ExecutionError };

export interface ExecutionError {
  readonly ErrorType?: string;
  readonly ErrorMessage?: string;
  readonly StackTrace?: readonly string[];
}

export type Beginning = Omit<Execution, "invocations" | "end">;

/** Executions by their names: each name stands for one, over restarts as well. */
export interface Executions {
  /**
   * Begins one, or finds the one that began under its name before. Throws `LambdaError` where that
   * one had another input.
   */
  begin(about: Beginning): Promise<{ readonly execution: Execution; readonly isNew: boolean }>;
  /** Notes one invocation of the function. */
  invoked(name: string, invocation: CompletedInvocation): Promise<void>;
  /** Notes how it ended; the first end stays. */
  ended(name: string, end: ExecutionEnd): Promise<void>;
  get(name: string): Promise<Execution | null>;
  /** All of a function, the first one first. */
  of(functionName: string): Promise<readonly Execution[]>;
}

const namePattern = /^[\w-]{1,64}$/;

/** https://docs.aws.amazon.com/lambda/latest/dg/durable-execution-idempotency.html */
export function openExecutions(directory: string): Executions {
  closeOwnFolder(directory);
  const pathOf = (name: string) => join(directory, `${name}.json`);
  const read = (name: string) => executionAt(pathOf(name));
  async function write(execution: Execution): Promise<void> {
    const path = pathOf(execution.name);
    await writeFile(`${path}.draft`, JSON.stringify(execution), { mode: ownFile });
    await rename(`${path}.draft`, path);
  }
  /** One at a time of each name: two at once are one as well. */
  const underWay = new Map<string, Promise<unknown>>();
  function inTurn<T>(name: string, work: () => Promise<T>): Promise<T> {
    const next = (underWay.get(name) ?? Promise.resolve()).then(work, work);
    underWay.set(name, next);
    return next;
  }
  function change(name: string, to: (one: Execution) => Execution): Promise<void> {
    return inTurn(name, async () => {
      const one = await read(name);
      if (one !== null && one.end === undefined) await write(to(one));
    });
  }
  return {
    async begin(about) {
      const { name } = about;
      if (!namePattern.test(name)) throw badParameter(`"${name}" names no durable execution.`);
      return inTurn(name, async () => {
        const known = await read(name);
        if (known?.input === about.input) return { execution: known, isNew: false };
        const fresh = { ...about, invocations: [] };
        if (known === null) {
          const before = await digestAt(join(directory, `${name}.sha256`));
          const digest = createHash("sha256").update(about.input).digest("hex");
          if (before === digest) return { execution: fresh, isNew: false };
          if (before === null) {
            await write(fresh);
            return { execution: fresh, isNew: true };
          }
        }
        throw new LambdaError(
          409,
          "DurableExecutionAlreadyStartedException",
          `The durable execution ${name} has already been started with another payload.`,
        );
      });
    },
    invoked: (name, one) =>
      change(name, (before) => ({ ...before, invocations: [...before.invocations, one] })),
    ended: (name, end) => change(name, (before) => ({ ...before, end })),
    get: async (name) => (namePattern.test(name) ? read(name) : null),
    async of(functionName) {
      const names = (await readdir(directory)).filter((file) => file.endsWith(".json"));
      const all = await Promise.all(names.map((file) => executionAt(join(directory, file))));
      return all
        .filter((one): one is Execution => one?.functionName === functionName)
        .sort((a, b) => a.startMs - b.startMs || (a.name < b.name ? -1 : 1));
    },
  };
}

export function executionArnOf({ functionName, version, name, id }: Execution): string {
  return `${arnOf(functionName, version)}/durable-execution/${name}/${id}`;
}

async function executionAt(path: string): Promise<Execution | null> {
  const text = await textAt(path);
  return text === null ? null : (JSON.parse(text) as Execution);
}

/** Of executions that began before they were kept as a whole: only what their input came to. */
function digestAt(path: string): Promise<string | null> {
  return textAt(path);
}

async function textAt(path: string): Promise<string | null> {
  try {
    return await readFile(path, "utf8");
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw thrown;
  }
}
