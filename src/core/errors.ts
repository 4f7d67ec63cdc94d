import { type ErrorCode, type ErrorKind, kindOf } from "./error-codes/error-codes.ts";

/**
 * Something a person can mend: wrong input, a run that could not finish, a budget reached.
 * `code` is one of `errorCodes` and stable; `message` names place, value and what was expected;
 * `hint` says what to do. Anything that is not a `RunError` is a fault of ours.
 */
export class RunError extends Error {
  readonly code: ErrorCode;
  readonly hint: string | undefined;
  readonly kind: ErrorKind;

  constructor(
    code: ErrorCode,
    message: string,
    more: { hint?: string; kind?: ErrorKind; cause?: unknown } = {},
  ) {
    super(message, more.cause === undefined ? undefined : { cause: more.cause });
    this.name = "RunError";
    this.code = code;
    this.hint = more.hint;
    this.kind = more.kind ?? kindOf(code);
  }
}

/** A promise of our own code: false means a fault in kofn, never a fault of the user's. */
export function assert(condition: unknown, promise: string): asserts condition {
  if (!condition) throw new Error(`broken promise: ${promise}`);
}

/** What an operating system's refusals mean, by their codes. */
const refusals: Readonly<Record<string, string>> = {
  EACCES: "this user may not",
  EMFILE: "this process has as many files open as it may",
  ENFILE: "this machine has as many files open as it can",
  EDQUOT: "this user's share of the disk is full",
  EISDIR: "it is a folder, not a file",
  ENOSPC: "the disk is full",
  ENOTDIR: "a file stands where a folder is expected",
  EROFS: "the disk can only be read",
};

/** The message of anything that was thrown; an operating system's refusal in words. */
export function messageOf(thrown: unknown): string {
  if (!(thrown instanceof Error)) return String(thrown);
  const { code = "", syscall } = thrown as NodeJS.ErrnoException;
  if (syscall === undefined || !Object.hasOwn(refusals, code)) return thrown.message;
  return `${refusals[code]} (${code})`;
}

/** Errors that one answer names; more would hide the first. */
const namedMax = 5;

/**
 * Does all of it, and throws what was refused as one error: its code is the first one's. Anything
 * that is not a `RunError` is thrown at once.
 */
export function allOrRefusal<T>(tasks: readonly (() => T)[]): T[] {
  const refused: RunError[] = [];
  const done = tasks.flatMap((task) => {
    try {
      return [task()];
    } catch (thrown) {
      if (!(thrown instanceof RunError)) throw thrown;
      refused.push(thrown);
      return [];
    }
  });
  if (refused.length > 0) throw asOneError(refused);
  return done;
}

/** Several errors as one; one alone as it is. */
export function asOneError(errors: readonly RunError[]): RunError {
  const [first] = errors;
  assert(first !== undefined, "an error is of something");
  if (errors.length === 1) return first;
  const texts = (of: (error: RunError) => string | undefined) => {
    const different = [
      ...new Set(errors.map(of).filter((text) => text !== undefined && text !== "")),
    ];
    const more = different.length - namedMax;
    const some = different.slice(0, namedMax).join("; ");
    return more > 0 ? `${some}; and ${more} more` : some;
  };
  const [message, hint] = [texts((error) => error.message), texts((error) => error.hint)];
  return new RunError(first.code, message, { hint, kind: first.kind, cause: first });
}

/** Whether the system gave this code for what failed, such as ENOENT. */
export function hasCode(thrown: unknown, code: string): boolean {
  return (thrown as NodeJS.ErrnoException | undefined)?.code === code;
}
