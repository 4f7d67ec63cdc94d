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

/** The message of anything that was thrown. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}
